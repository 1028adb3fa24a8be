/**
 * The inspector: what the cache did for each request of this page, a live strip of the last requests, and buttons that
 * change the product or the cache. Only `npm start` serves it. Its proxy answers /inspector/ (lib/local/inspector).
 */

const outcomes = ['hit', 'miss', 'stale', 'collapsed', 'fail-open']
const buttons = [
  ['read', 'Read', 'Reads the product once, as JSON'],
  [
    'update',
    'Update the price',
    'Writes through the API: updates the database, then removes the cached entries',
  ],
  ['edit', 'Edit behind the cache', 'Writes directly to the database. Only its stream invalidates the cache'],
  ['expire', 'Expire', 'Expires the product’s cached entries'],
  ['flush', 'Flush', 'Removes all cached entries of this catalogue and no other keys'],
  ['burst', '200 readers at once', '200 readers in 20 sandboxes read a cold key at the same time'],
  ['redis', 'Redis off', 'Cuts the connection between the functions and Redis'],
  [
    'reset',
    'Reset',
    'Switches Redis on, restores the prices that these buttons changed, and empties the cache',
  ],
]
/** The actions that need no product. */
const forEveryPage = ['flush', 'redis', 'reset']
const mostRequests = 200

const isProductPage = location.pathname.startsWith('/p/')
/** The id of the product of this page, or else of the first product on it. */
const id = /\/p\/([\w.~-]+)/.exec(
  isProductPage ? location.pathname : (document.querySelector('a[href^="/p/"]')?.getAttribute('href') ?? ''),
)?.[1]
/** The answered requests, by number, and the last of those that used the cache, oldest first. */
const answered = new Map()
let last = []
/** The state of the product in the database and in the cache, and of the Redis switch. */
let state = {}
let isDrawing = false

const panel = document.createElement('aside')
panel.className = 'inspector'
panel.setAttribute('aria-label', 'Cache inspector')
panel.innerHTML = `<h2><button type="button" class="i-handle" aria-controls="i-body"><b>Cache</b> <span class="i-sum">no reads yet</span><span class="i-more"></span></button></h2>
<div id="i-body">
<div class="i-strip" role="img"></div>
<ul class="i-legend"></ul>
<div class="i-buttons" role="group" aria-label="Actions"></div>
<p class="i-message" role="status"></p>
<div class="i-tables">
<div class="i-scroll" tabindex="0" role="region" aria-labelledby="i-state"><h3 id="i-state"></h3><table class="i-entries"></table></div>
<div class="i-scroll" tabindex="0" role="region" aria-labelledby="i-own"><h3 id="i-own">Requests of this page</h3><table class="i-requests"></table></div>
</div>
</div>`
const part = (name) => panel.querySelector(name)
const element = (name, text, attributes = {}) => {
  const created = Object.assign(document.createElement(name), { textContent: text ?? '' })
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value)
  return created
}

for (const outcome of outcomes) {
  const item = element('li')
  item.append(element('i', '', { class: `i-${outcome}` }), `${outcome} `, element('b', '0'))
  part('.i-legend').append(item)
}
for (const [action, label, title] of buttons) {
  const button = element('button', label, { type: 'button', title, 'data-action': action })
  button.addEventListener('click', () => runAction(action, button))
  part('.i-buttons').append(button)
}
enableButtons(true)
part('.i-handle').addEventListener('click', () => setOpen(panel.dataset.open !== 'true'))
setOpen(sessionStorage.getItem('inspector') === 'open')
document.body.append(panel)
// The page gets as much space at its end as the panel covers.
new ResizeObserver(() =>
  document.documentElement.style.setProperty(
    '--inspector',
    `${Math.ceil(panel.getBoundingClientRect().height)}px`,
  ),
).observe(panel)

/** The open connection while this tab is visible. A browser allows six connections to an address, for all tabs. */
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
    if (outcomes.includes(request.outcome)) last = [...last, request].slice(-mostRequests)
    for (const n of answered.size > 4 * mostRequests ? [...answered.keys()].slice(0, mostRequests) : [])
      answered.delete(n)
    draw()
  })
}
document.addEventListener('visibilitychange', listen)
listen()
new PerformanceObserver(draw).observe({ type: 'resource', buffered: true })
setInterval(() => panel.dataset.open === 'true' && !document.hidden && refresh(), 1000)
draw()

function setOpen(isOpen) {
  panel.dataset.open = String(isOpen)
  part('.i-handle').setAttribute('aria-expanded', String(isOpen))
  part('#i-body').hidden = !isOpen
  sessionStorage.setItem('inspector', isOpen ? 'open' : '')
  if (isOpen) refresh()
}

/** Runs the action of a button, shows its message, and reloads the page's content. */
async function runAction(action, button) {
  enableButtons(false)
  part('.i-message').textContent = `${button.textContent} …`
  try {
    part('.i-message').textContent = action === 'read' ? await read() : await post(action)
    if (action === 'reset') last = []
    if (action !== 'expire' && action !== 'flush' && action !== 'read') await reloadContent()
    await refresh()
  } catch (error) {
    part('.i-message').textContent = `Failed: ${error.message}`
  } finally {
    enableButtons(true)
    button.focus()
  }
}

/** Enables the buttons that this page can use, or disables all while an action runs. */
function enableButtons(isIdle) {
  for (const button of panel.querySelectorAll('.i-buttons button'))
    button.disabled = !isIdle || (id === undefined && !forEveryPage.includes(button.dataset.action))
}

async function post(action) {
  const name = action === 'redis' ? (state.redis?.on === false ? 'redisOn' : 'redisOff') : action
  // A page of another origin cannot send this header.
  const answer = await fetch(`/inspector/${name}${id === undefined ? '' : `?id=${id}`}`, {
    method: 'POST',
    headers: { 'x-inspector': '1' },
  })
  return (await answer.json()).message
}

async function read() {
  const begun = performance.now()
  const answer = await fetch(`/products/${id}`, { cache: 'no-store' })
  await answer.text()
  return `${answer.status}, ${answer.headers.get('cache-status')}, ${Math.round(performance.now() - begun)} ms including the emulator`
}

/** Fetches the page again and replaces its content. */
async function reloadContent() {
  const answer = await fetch(location.href, { cache: 'no-store' })
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const main = page.querySelector('main')
  if (main) document.querySelector('main').replaceChildren(...main.childNodes)
}

/** Reads the state of Redis and of the product, and draws everything again. */
async function refresh() {
  try {
    state = await (await fetch(id === undefined ? '/inspector/redis' : `/inspector/products/${id}`)).json()
  } catch {
    state = {}
  }
  draw()
}

function draw() {
  if (isDrawing) return
  isDrawing = true
  requestAnimationFrame(() => {
    isDrawing = false
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
      : `${share(hits + stale + collapsed)} of the last ${last.length === 1 ? 'read' : `${last.length} reads`} without the database`
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
        title: `${request.path}: ${describe(request)}`,
      })
      // A logarithmic scale from 0.1 ms at the bottom to 1 s at the top.
      bar.style.height = `${Math.min(100, Math.max(8, 25 * (Math.log10(Math.max(ms, 0.1)) + 1)))}%`
      return bar
    }),
  )
}

function drawEntries() {
  if (panel.dataset.open !== 'true') return
  const { database, redis, entries = [] } = state
  part('#i-state').textContent =
    id === undefined
      ? 'There is no product on this page'
      : `Current state of product ${id}${isProductPage ? '' : ', the first on this page'}${redis?.on === false ? ' (Redis is off)' : ''}`
  const switchButton = part('[data-action=redis]')
  switchButton.textContent = redis?.on === false ? 'Redis on' : 'Redis off'
  switchButton.hidden = redis?.switchable === false
  const rows = entries.map(({ cache, state, version, age, ttl }) => [
    cache,
    state,
    shorten(version),
    formatSeconds(age),
    formatSeconds(ttl),
  ])
  if (database) rows.unshift(['database', database.state, shorten(database.version), '–', '–'])
  const names = id === undefined ? [] : ['', 'state', 'version', 'age', 'fresh for']
  fillTable(part('.i-entries'), names, rows)
}

/** Draws the requests of this page. The number in each response identifies its request. */
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
        entry.transferSize === 0 ? 'browser cache' : '…',
        '–',
        '–',
        '–',
        '–',
        formatMs(entry.duration),
      ]
    const { outcome, version, age, cacheMs, dbMs, ms } = request
    return [
      path,
      outcome === 'none' ? 'file' : outcome,
      shorten(version),
      formatSeconds(age),
      formatMs(cacheMs),
      formatMs(dbMs),
      formatMs(ms),
    ]
  })
  fillTable(
    part('.i-requests'),
    ['', 'outcome', 'version', 'age', 'cache', 'database', 'total'],
    rows.reverse(),
  )
}

function fillTable(place, names, rows) {
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

const describe = ({ outcome, detail, version, age, cacheMs, dbMs, ms }) =>
  [
    `${outcome}${detail ? ` (${detail})` : ''}`,
    version === undefined ? '' : `version ${version}`,
    age === undefined ? '' : `${formatSeconds(age)} old`,
    cacheMs === undefined ? '' : `cache ${formatMs(cacheMs)}`,
    dbMs === undefined ? '' : `database ${formatMs(dbMs)}`,
    `total ${formatMs(ms)}`,
  ]
    .filter(Boolean)
    .join(', ')

/** Returns the last six digits of a version. Versions begin with the time, so all of them start alike. */
function shorten(version) {
  return version === undefined ? '–' : String(version).replace(/^.+(?=.{6})/, '…')
}

function formatMs(ms) {
  return ms === undefined ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function formatSeconds(ms) {
  return ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`
}
