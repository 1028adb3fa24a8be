/**
 * The inspector: what each request of this page met at the cache, a live strip of the last requests, and buttons that
 * make the story happen. Of `npm start` alone, whose front answers /inspector/ (lib/local/inspector).
 */

const outcomes = ['hit', 'miss', 'stale', 'collapsed', 'fail-open']
const buttons = [
  ['read', 'Read', 'Reads the product once, as JSON'],
  ['update', 'Update the price', 'Through the API: the database first, then the entries are removed'],
  ['edit', 'Edit behind the cache', 'Straight in the database: only its stream tells the cache'],
  ['expire', 'Expire', 'Ends the time of the product’s entries'],
  ['flush', 'Flush', 'Removes all entries of this catalogue, and nothing else'],
  ['burst', '200 readers at once', 'Of a key that is cold, from 20 sandboxes'],
  ['redis', 'Redis off', 'Cuts the way from the functions to Redis'],
]
const most = 200

/** The product of this page, else the first that it shows. */
const id = /\/p\/([\w.~-]+)/.exec(
  /^\/p\//.test(location.pathname)
    ? location.pathname
    : (document.querySelector('a[href^="/p/"]')?.getAttribute('href') ?? ''),
)?.[1]
/** Requests that were answered, by their number, and the last of them in the order in which they came. */
const answered = new Map()
let last = []
let entries = {}
let drawing = false

const panel = document.createElement('aside')
panel.className = 'inspector'
panel.setAttribute('aria-label', 'Cache inspector')
panel.innerHTML = `<h2><button type="button" class="i-handle" aria-controls="i-body"><b>Cache</b> <span class="i-sum">no reads yet</span><span class="i-more"></span></button></h2>
<div id="i-body">
<div class="i-strip" role="img"></div>
<ul class="i-legend"></ul>
<div class="i-buttons" role="group" aria-label="Make it happen"></div>
<p class="i-said" role="status"></p>
<div class="i-tables">
<div class="i-scroll" tabindex="0" role="region" aria-labelledby="i-now"><h3 id="i-now"></h3><table class="i-entries"></table></div>
<div class="i-scroll" tabindex="0" role="region" aria-labelledby="i-own"><h3 id="i-own">Requests of this page</h3><table class="i-requests"></table></div>
</div>
</div>`
const part = (name) => panel.querySelector(name)
const element = (name, text, attributes = {}) => {
  const made = Object.assign(document.createElement(name), { textContent: text ?? '' })
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

for (const outcome of outcomes) {
  const item = element('li')
  item.append(element('i', '', { class: `i-${outcome}` }), `${outcome} `, element('b', '0'))
  part('.i-legend').append(item)
}
for (const [action, label, title] of buttons) {
  const button = element('button', label, { type: 'button', title, 'data-action': action })
  button.addEventListener('click', () => act(action, button))
  if (id === undefined && action !== 'flush' && action !== 'redis') button.disabled = true
  part('.i-buttons').append(button)
}
part('.i-handle').addEventListener('click', () => open(panel.dataset.open !== 'true'))
open(sessionStorage.getItem('inspector') === 'open')
document.body.append(panel)

/** What listens while this page is looked at: a browser allows six connections to an address, for all its tabs. */
let events
function listen() {
  events?.close()
  events = undefined
  if (document.hidden) return
  events = new EventSource('/inspector/events')
  events.addEventListener('message', ({ data }) => {
    const request = JSON.parse(data)
    if (answered.has(request.n)) return
    answered.set(request.n, request)
    if (outcomes.includes(request.outcome)) last = [...last, request].slice(-most)
    for (const n of answered.size > 4 * most ? [...answered.keys()].slice(0, most) : []) answered.delete(n)
    draw()
  })
}
document.addEventListener('visibilitychange', listen)
listen()
new PerformanceObserver(draw).observe({ type: 'resource', buffered: true })
setInterval(() => panel.dataset.open === 'true' && !document.hidden && look(), 1000)
draw()

function open(is) {
  panel.dataset.open = String(is)
  part('.i-handle').setAttribute('aria-expanded', String(is))
  part('#i-body').hidden = !is
  sessionStorage.setItem('inspector', is ? 'open' : '')
  if (is) look()
}

/** Does what a button says, tells what happened, and shows the page as a reader gets it now. */
async function act(action, button) {
  for (const each of panel.querySelectorAll('.i-buttons button')) each.disabled = true
  part('.i-said').textContent = `${button.textContent} …`
  try {
    part('.i-said').textContent = action === 'read' ? await read() : await order(action)
    if (action !== 'expire' && action !== 'flush' && action !== 'read') await showPage()
    await look()
  } catch (error) {
    part('.i-said').textContent = `That went wrong: ${error.message}`
  } finally {
    for (const each of panel.querySelectorAll('.i-buttons button')) each.disabled = false
    button.focus()
  }
}

async function order(action) {
  const name = action === 'redis' ? (entries.redis?.on === false ? 'redisOn' : 'redisOff') : action
  // A header of its own: a page of another origin cannot send it.
  const answer = await fetch(`/inspector/${name}?id=${id ?? '1'}`, {
    method: 'POST',
    headers: { 'x-inspector': '1' },
  })
  return (await answer.json()).said
}

async function read() {
  const begun = performance.now()
  const answer = await fetch(`/products/${id}`, { cache: 'no-store' })
  await answer.text()
  return `${answer.status}, ${answer.headers.get('cache-status')}, ${Math.round(performance.now() - begun)} ms with the emulator`
}

/** Puts the page's content, asked for anew, in the place of what is shown. */
async function showPage() {
  const answer = await fetch(location.href, { cache: 'no-store' })
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const main = page.querySelector('main')
  if (main) document.querySelector('main').replaceChildren(...main.childNodes)
}

/** Looks what stands in the cache. */
async function look() {
  if (id === undefined) return
  try {
    entries = await (await fetch(`/inspector/products/${id}`)).json()
  } catch {
    entries = {}
  }
  draw()
}

function draw() {
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    drawStrip()
    drawEntries()
    drawRequests()
  })
}

function drawStrip() {
  const counts = outcomes.map((outcome) => last.filter((each) => each.outcome === outcome).length)
  const share = (count) => `${Math.floor((100 * count) / last.length)} %`
  const [hits = 0, , stale = 0, collapsed = 0] = counts
  part('.i-sum').textContent = last.length === 0 ? 'no reads yet' : `${share(hits)} hits`
  part('.i-more').textContent =
    last.length === 0
      ? ''
      : `${share(hits + stale + collapsed)} without the database, of the last ${last.length}`
  for (const [n, count] of counts.entries())
    part('.i-legend').children[n].lastChild.textContent = String(count)
  const strip = part('.i-strip')
  strip.setAttribute(
    'aria-label',
    `The last ${last.length} reads: ${outcomes.map((name, n) => `${counts[n]} ${name}`).join(', ')}`,
  )
  if (panel.dataset.open !== 'true') return
  strip.replaceChildren(
    ...last.map((request) => {
      const ms = (request.cacheMs ?? 0) + (request.dbMs ?? 0)
      const bar = element('i', '', {
        class: `i-${request.outcome}`,
        title: `${request.path}: ${tell(request)}`,
      })
      // From 0.1 ms at the bottom to a second at the top.
      bar.style.height = `${Math.min(100, Math.max(8, 25 * (Math.log10(Math.max(ms, 0.1)) + 1)))}%`
      return bar
    }),
  )
}

function drawEntries() {
  if (panel.dataset.open !== 'true') return
  const { database, redis } = entries
  part('#i-now').textContent =
    id === undefined
      ? 'No product on this page'
      : `Product ${id}, now${redis?.on === false ? ': Redis is off' : ''}`
  const switchButton = part('[data-action=redis]')
  switchButton.textContent = redis?.on === false ? 'Redis on' : 'Redis off'
  switchButton.hidden = redis?.switchable === false
  const rows = (entries.entries ?? []).map(({ cache, state, version, age, ttl }) => [
    cache,
    state,
    short(version),
    seconds(age),
    seconds(ttl),
  ])
  if (database) rows.unshift(['database', database.state, short(database.version), '–', '–'])
  table(part('.i-entries'), ['', 'state', 'version', 'age', 'fresh for'], rows)
}

/** The requests of this page by the numbers that their answers carried. */
function drawRequests() {
  if (panel.dataset.open !== 'true') return
  const own = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(({ name }) => !name.includes('/inspector/'))
    .slice(-40)
  const rows = own.map((entry) => {
    const n = Number(entry.serverTiming.find(({ name }) => name === 'request')?.description)
    const request = entry.transferSize === 0 ? undefined : answered.get(n)
    const { pathname } = new URL(entry.name)
    const path = pathname.length > 34 ? `${pathname.slice(0, 33)}…` : pathname
    if (!request)
      return [
        path,
        entry.transferSize === 0 ? 'the browser’s own' : '…',
        '–',
        '–',
        '–',
        '–',
        milli(entry.duration),
      ]
    const { outcome, version, age, cacheMs, dbMs, ms } = request
    return [
      path,
      outcome === 'none' ? 'a file' : outcome,
      short(version),
      seconds(age),
      milli(cacheMs),
      milli(dbMs),
      milli(ms),
    ]
  })
  table(part('.i-requests'), ['', 'outcome', 'version', 'age', 'cache', 'database', 'whole'], rows.reverse())
}

function table(place, names, rows) {
  const head = element('tr')
  head.append(...names.map((name) => (name ? element('th', name, { scope: 'col' }) : element('td'))))
  const lines = rows.map(([first, ...cells]) => {
    const line = element('tr')
    line.append(
      element('th', first, { scope: 'row' }),
      ...cells.map((cell) => element('td', cell, outcomes.includes(cell) ? { class: `i-${cell}` } : {})),
    )
    return line
  })
  place.replaceChildren(head, ...lines)
}

const tell = ({ outcome, detail, version, age, cacheMs, dbMs, ms }) =>
  [
    `${outcome}${detail ? ` (${detail})` : ''}`,
    version === undefined ? '' : `version ${version}`,
    age === undefined ? '' : `${seconds(age)} old`,
    cacheMs === undefined ? '' : `cache ${milli(cacheMs)}`,
    dbMs === undefined ? '' : `database ${milli(dbMs)}`,
    `whole ${milli(ms)}`,
  ]
    .filter(Boolean)
    .join(', ')

/** The end of a version: they begin as the time does. */
function short(version) {
  return version === undefined ? '–' : String(version).replace(/^.+(?=.{6})/, '…')
}

function milli(ms) {
  return ms === undefined ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function seconds(ms) {
  return ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`
}
