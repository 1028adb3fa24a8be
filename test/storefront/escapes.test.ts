import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { html, jsonData, ours, textOf } from '../../lib/storefront/html.ts'
import { elementsOf, pageOf } from '../support/htmlOf.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { call, put } = await freshHandlers()
const read = async (id: string) =>
  (await call('storefront', { route: 'GET /p/{id}', path: { id } })).body ?? ''

const hostile = [
  `<script>alert(1)</script>`,
  `</script><script>alert(1)</script>`,
  `</title></head><body onload="alert(1)">`,
  `"><img src=x onerror=alert(1)>`,
  `' onclick='alert(1)`,
  `" autofocus onfocus="alert(1)`,
  `<!--`,
  `]]>`,
  '${1}!${2}`',
  `&lt;b&gt; &#60;b> &amp;`,
  '\u202Eevil\u202C \u200F\u05E9\u05DC\u05D5\u05DD \u0645\u0631\u062D\u0628\u0627',
  '\u{1F469}\u200D\u{1F469}\u200D\u{1F467} e\u0301\u0316\u0317 \u2028',
  `javascript:alert(1)`,
  'x'.repeat(300),
]

/** A product all of whose texts are one text. */
const productOf = (text: string) => ({
  ...aProduct,
  title: text,
  description: text,
  brand: text.slice(0, 200),
  variants: ['S', text.slice(0, 100)].map((sku) => ({
    sku,
    options: { [text.slice(0, 100)]: text.slice(0, 200) },
    price: aProduct.price,
    stock: 1,
  })),
  images: [
    { url: 'https://images.example/a?b=1&c=+;`{}', alt: text },
    { url: '/b', alt: text },
  ],
  tags: [text.slice(0, 100)],
  attributes: { [text.slice(0, 100)]: text },
})

/** What a browser makes of a page, but for its texts. */
const skeleton = (page: string) =>
  elementsOf(page).map(({ name, attributes }) => `${name} ${[...attributes.keys()].join(' ')}`)

/** The page of a product all of whose texts are this one, beside another such product. */
async function show(text: string, category: string) {
  const id = `p-${category}`
  const body = { ...productOf(text), category }
  expect(await put(`${id}-neighbour`, { body })).toMatchObject({ statusCode: 201 })
  expect(await put(id, { body })).toMatchObject({ statusCode: 201 })
  const review = { rating: 1, title: text, body: text, author: text.slice(0, 200) }
  const { json: posted } = await call('postReview', { path: { id }, body: review })
  const reply = { parentId: posted.id, body: text, author: text.slice(0, 200) }
  await call('postReview', { path: { id }, body: reply })
  return read(id)
}

test('whatever a text says, the page has the same elements as with a harmless one, and says the text', async () => {
  const harmless = skeleton(await show('harmless', 'harmless'))
  expect(harmless.length).toBeGreaterThan(80)
  for (const [at, text] of hostile.entries()) {
    const page = await show(text, `hostile-${at}`)
    expect(skeleton(page), text).toEqual(harmless)
    const said = text.normalize('NFC')
    const { texts, title, data, attribute } = pageOf(page)
    expect(title).toBe(`${said} - Larch & Lull`)
    expect(attribute('img', 'alt')).toContain(said)
    expect(data['@graph'][0].name).toBe(said)
    expect(texts('h1')).toEqual([said.replaceAll(/\s+/g, ' ').trim()])
  }
})

test('5,000 characters without a space are shown, all of them', async () => {
  await put('long', { body: { ...aProduct, description: 'y'.repeat(5000) } })
  const review = { rating: 3, body: 'x'.repeat(5000), author: 'Ana' }
  await call('postReview', { path: { id: 'long' }, body: review })
  const { texts, meta } = pageOf(await read('long'))
  expect(texts('p')).toContain('x'.repeat(5000))
  expect(texts('p')).toContain('y'.repeat(5000))
  expect(meta('description')?.length).toBeLessThanOrEqual(160)
})

test('a description is cut for search engines between characters', async () => {
  await put('emoji', { body: { ...aProduct, description: `${'y'.repeat(156)}${'\u{1F600}'.repeat(20)}` } })
  const description = pageOf(await read('emoji')).meta('description') ?? ''
  expect(description.isWellFormed()).toBe(true)
  expect(description).not.toContain('\uFFFD')
})

test('the texts of customers say their own direction, and none turns what stands beside it', async () => {
  await put('turned-neighbour', { body: productOf('\u05E9\u05DC\u05D5\u05DD') })
  await put('turned', { body: productOf('\u05E9\u05DC\u05D5\u05DD') })
  const texts = elementsOf(await read('turned')).filter(
    ({ name, own }) => own.includes('\u05E9\u05DC\u05D5\u05DD') && name !== 'title' && name !== 'script',
  )
  expect(texts.length).toBeGreaterThan(10)
  for (const { name, attributes } of texts)
    expect(attributes.get('dir') === 'auto' || name === 'bdi', `${name} ${[...attributes]}`).toBe(true)
})

test('a template escapes data, also beside an exclamation mark of its own', () => {
  const text = `<b a="c" d='e'>&`
  expect(textOf(html`<p title="${text}">${text}</p>`)).toBe(
    `<p title="&#60;b a&#61;&#34;c&#34; d&#61;&#39;e&#39;&#62;&#38;">&#60;b a&#61;&#34;c&#34; d&#61;&#39;e&#39;&#62;&#38;</p>`,
  )
  expect(textOf(jsonData('x', { text: '</script><!--' }))).toBe(
    `<script type="x">{"text":"\\u003c/script>\\u003c!--"}</script>`,
  )
  expect(textOf(html`!${ours([html`<i>${'<'}</i>`, html`<i></i>`])}`)).toBe('<i>&#60;</i><i></i>')
})

test('what goes past the escaping is HTML that a template has made: the type checker holds it, if it is spelt so', () => {
  const folder = new URL('../../lib/storefront/', import.meta.url)
  let found = 0
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.ts')) continue
    const source = readFileSync(new URL(name, folder), 'utf8').replaceAll(/^\s*(\*|\/\*\*|\/\/).*$/gm, '')
    for (const [, before, expression] of source.matchAll(/(!?)\$\{(\s*[\w.]*\(?)/g)) {
      // `times` makes an ours() of its own: see its type.
      const passed = /^\s*(ours|times)\($/.test(expression ?? '')
      expect(before === '!', `${name}: ${before}\${${expression}`).toBe(passed)
      if (passed) found++
    }
    // Other ways to make a text into HTML, or to turn off the checks.
    if (name !== 'html.ts')
      expect(source, name).not.toMatch(
        /as unknown as|\bas (any|Html|never)\b|ts-(ignore|expect-error)|from 'ghtml'/,
      )
  }
  expect(found).toBeGreaterThan(30)
})
