import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { html, jsonData, toText, trusted } from '../../lib/storefront/html.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { importThread } from '../support/importing.ts'
import { parseElements, parsePage } from '../support/parseHtml.ts'

const { call, put, db, table } = await freshHandlers()
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

/** Returns a product with the same text in all its fields. */
const productWith = (text: string) => ({
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

/** The elements of a page and the names of their attributes, without texts. */
const skeleton = (page: string) =>
  parseElements(page).map(({ name, attributes }) => `${name} ${[...attributes.keys()].join(' ')}`)

/** Stores two related products with the same text in all fields, and returns the page of one. */
async function renderWith(text: string, category: string) {
  const id = `p-${category}`
  const body = { ...productWith(text), category }
  expect(await put(`${id}-neighbour`, { body })).toMatchObject({ statusCode: 201 })
  expect(await put(id, { body })).toMatchObject({ statusCode: 201 })
  // Imported, because a post refuses some of these texts as an author.
  await importThread({ db, table }, id, body, { title: text, body: text, author: text.slice(0, 200) })
  return read(id)
}

test('a hostile text appears literally and adds no element or attribute to the page', async () => {
  const harmless = skeleton(await renderWith('harmless', 'harmless'))
  expect(harmless.length).toBeGreaterThan(80)
  for (const [index, text] of hostile.entries()) {
    const page = await renderWith(text, `hostile-${index}`)
    expect(skeleton(page), text).toEqual(harmless)
    const expected = text.normalize('NFC')
    const { texts, title, data, attribute } = parsePage(page)
    expect(title).toBe(`${expected} - Larch & Lull`)
    expect(attribute('img', 'alt')).toContain(expected)
    expect(data['@graph'][0].name).toBe(expected)
    expect(texts('h1')).toEqual([expected.replaceAll(/\s+/g, ' ').trim()])
  }
})

test('a text of 5,000 characters without a space appears in full', async () => {
  await put('long', { body: { ...aProduct, description: 'y'.repeat(5000) } })
  const review = { rating: 3, body: 'x'.repeat(5000), author: 'Ana' }
  await call('postReview', { path: { id: 'long' }, body: review })
  const { texts, meta } = parsePage(await read('long'))
  expect(texts('p')).toContain('x'.repeat(5000))
  expect(texts('p')).toContain('y'.repeat(5000))
  expect(meta('description')?.length).toBeLessThanOrEqual(160)
})

test('the description for search engines ends between two characters', async () => {
  await put('emoji', { body: { ...aProduct, description: `${'y'.repeat(156)}${'\u{1F600}'.repeat(20)}` } })
  const description = parsePage(await read('emoji')).meta('description') ?? ''
  expect(description.isWellFormed()).toBe(true)
  expect(description).not.toContain('\uFFFD')
})

test('every text of a writer has its own direction and does not change the direction of other texts', async () => {
  await put('turned-neighbour', { body: productWith('\u05E9\u05DC\u05D5\u05DD') })
  await put('turned', { body: productWith('\u05E9\u05DC\u05D5\u05DD') })
  const texts = parseElements(await read('turned')).filter(
    ({ name, ownText }) =>
      ownText.includes('\u05E9\u05DC\u05D5\u05DD') && name !== 'title' && name !== 'script',
  )
  expect(texts.length).toBeGreaterThan(10)
  for (const { name, attributes } of texts)
    expect(attributes.get('dir') === 'auto' || name === 'bdi', `${name} ${[...attributes]}`).toBe(true)
})

test('a template escapes data and inserts trusted HTML unescaped', () => {
  const text = `<b a="c" d='e'>&`
  expect(toText(html`<p title="${text}">${text}</p>`)).toBe(
    `<p title="&#60;b a&#61;&#34;c&#34; d&#61;&#39;e&#39;&#62;&#38;">&#60;b a&#61;&#34;c&#34; d&#61;&#39;e&#39;&#62;&#38;</p>`,
  )
  expect(toText(jsonData('x', { text: '</script><!--' }))).toBe(
    `<script type="x">{"text":"\\u003c/script>\\u003c!--"}</script>`,
  )
  expect(toText(html`!${trusted([html`<i>${'<'}</i>`, html`<i></i>`])}`)).toBe('<i>&#60;</i><i></i>')
})

test('every unescaped insertion of the storefront goes through trusted(), so that the type checker verifies it', () => {
  const directory = new URL('../../lib/storefront/', import.meta.url)
  let found = 0
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.ts')) continue
    const source = readFileSync(new URL(name, directory), 'utf8').replaceAll(/^\s*(\*|\/\*\*|\/\/).*$/gm, '')
    for (const [, before, expression] of source.matchAll(/(!?)\$\{(\s*[\w.]*\(?)/g)) {
      // `times` calls trusted() itself and returns its type.
      const isTrusted = /^\s*(trusted|times)\($/.test(expression ?? '')
      expect(before === '!', `${name}: ${before}\${${expression}`).toBe(isTrusted)
      if (isTrusted) found++
    }
    // Other ways to turn a text into HTML, or to turn off the type checks.
    if (name !== 'html.ts')
      expect(source, name).not.toMatch(
        /as unknown as|\bas (any|Html|never)\b|ts-(ignore|expect-error)|from 'ghtml'/,
      )
  }
  expect(found).toBeGreaterThan(30)
})
