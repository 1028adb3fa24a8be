import { readdirSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { productPageOf } from '../../bench/http/productPage.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { aProduct, type Call, freshHandlers, type Handler, toEvent } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { parsePage } from '../support/parseHtml.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, put, redisPort } = await freshHandlers()
// The pages read their origin once, from the environment that freshHandlers has set.
const { productPage } = await import('../../lib/storefront/productPage.ts')
const get = (route: string, request: Call = {}) => call('storefront', { route, ...request })
const product = (id: string, headers = {}) => get('GET /p/{id}', { path: { id }, headers })
const category = (path: string, query?: Record<string, string>) =>
  get('GET /c/{category+}', { path: { category: path }, ...(query && { query }) })
const file = (kind: string, name: string, headers = {}) =>
  get(`GET /${kind}/{name}`, { path: { name }, headers })
const read = ({ body }: { body?: string }) => parsePage(body ?? '')

const price = (amount: number, currency = 'EUR') => ({ amount, currency })
const pot = {
  ...aProduct,
  title: 'Moka pot',
  description: 'Six cups.\n\nFor gas and induction.',
  brand: 'Brasa',
  compareAtPrice: price(4000),
  variants: [
    { sku: 'S', options: { Size: 'small' }, price: price(2900), stock: 3 },
    { sku: 'L', options: { Size: 'large' }, price: price(4100), stock: 0 },
  ],
  images: [
    { url: '/pictures/a.svg', alt: 'The pot' },
    { url: 'https://images.example/b.webp', alt: 'Its lid' },
  ],
  tags: ['steel'],
  attributes: { weightGrams: 1610, induction: true },
}

describe('a product page', () => {
  test('shows everything in its document', async () => {
    await put('pot', { body: pot })
    await put('other', { body: { ...aProduct, title: 'Kettle', price: price(1234567, 'JPY'), stock: 1 } })
    const root = { rating: 4, title: 'Good', body: 'Solid', author: 'Ana' }
    const { json: review } = await call('postReview', { path: { id: 'pot' }, body: root })
    const reply = { parentId: review.id, body: 'Thank you', author: 'Shop' }
    await call('postReview', { path: { id: 'pot' }, body: reply })

    const answer = await product('pot')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    const page = read(answer)
    expect(page.title).toBe('Moka pot - Larch & Lull')
    expect(page.link('canonical')).toBe('https://shop.example/p/pot')
    expect(page.meta('description')).toBe('Six cups. For gas and induction.')
    expect(page.meta('og:title')).toBe('Moka pot')
    expect(page.texts('h1')).toEqual(['Moka pot'])
    const [mainText] = page.texts('main')
    for (const text of [
      'Brasa',
      'Six cups.',
      'from €29.00 before: €40.00',
      'Weight grams',
      '1,610',
      'Yes',
      'steel',
    ])
      expect(mainText).toContain(text)
    expect(page.texts('tr')).toEqual([
      'SizePriceAvailability',
      'small€29.00 before: €40.00Only 3 left',
      'large€41.00Sold out',
    ])
    expect(page.texts('article')[1]).toMatch(
      /Good Ana, \d+ \w+ \d{4} Solid 1 reply Shop, \d+ \w+ \d{4} Thank you$/,
    )
    expect(page.texts('li').filter((text) => text.includes('Kettle'))).toEqual(['Kettle JP¥1,234,567'])
    expect(page.attribute('a', 'href')).toEqual(
      expect.arrayContaining(['#main', '/', '/c/kitchen', '/c/kitchen/coffee', '/p/other', '#reviews']),
    )
    expect(page.data['@graph'][0]).toMatchObject({
      '@type': 'Product',
      name: 'Moka pot',
      brand: { name: 'Brasa' },
      image: ['https://shop.example/pictures/a.svg', 'https://images.example/b.webp'],
      aggregateRating: { ratingValue: 4, ratingCount: 1 },
      offers: {
        '@type': 'AggregateOffer',
        lowPrice: '29.00',
        highPrice: '41.00',
        priceCurrency: 'EUR',
        availability: 'https://schema.org/InStock',
      },
    })
  })

  test('reserves the space of every picture, and loads only the first large one with priority', async () => {
    const images = read(await product('pot')).all('img')
    expect(images.length).toBeGreaterThan(4)
    for (const { attributes } of images) {
      expect(attributes.get('width')).toMatch(/^\d+$/)
      expect(attributes.get('height')).toBe(attributes.get('width'))
      expect(attributes.has('alt')).toBe(true)
    }
    const first = images.filter(({ attributes }) => attributes.has('fetchpriority'))
    expect(first.map(({ attributes }) => attributes.get('alt'))).toEqual(['The pot'])
    expect(first[0]?.attributes.has('loading')).toBe(false)
    const lid = images.find(({ attributes }) => attributes.get('alt') === 'Its lid')
    expect(lid?.attributes.get('loading')).toBe('lazy')
  })

  test('is accessible: one main element, a skip link, headings without a gap, and unique ids', async () => {
    for (const answer of [await product('pot'), await get('GET /'), await category('kitchen/coffee')]) {
      const page = read(answer)
      expect(page.attribute('html', 'lang')).toEqual(['en-GB'])
      expect(page.attribute('main', 'id')).toEqual(['main'])
      expect(page.attribute('a', 'href')[0]).toBe('#main')
      const levels = page.elements.flatMap(({ name }) => (/^h[1-6]$/.test(name) ? Number(name[1]) : []))
      expect(levels.filter((level) => level === 1)).toHaveLength(1)
      for (const [index, level] of levels.entries())
        expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1)
      const ids = page.elements.flatMap(({ attributes }) => attributes.get('id') ?? [])
      expect(new Set(ids).size).toBe(ids.length)
      for (const { attributes } of page.elements) {
        for (const key of ['for', 'aria-labelledby'])
          if (attributes.has(key)) expect(ids).toContain(attributes.get(key))
      }
    }
  })

  test('is served from one entry of the cache, and is new after a write', async () => {
    await put('fresh', { body: pot })
    await freshRedis({ port: redisPort })
    const cacheOf = async () => (await product('fresh')).headers['cache-status']
    await expect.poll(cacheOf, { timeout: 3000 }).toMatch(/^aisle; hit; ttl=\d+$/)
    const json = await call('getPage', { path: { id: 'fresh' } })
    expect(json.headers['cache-status']).toMatch(/^aisle; hit/)
    const before = await product('fresh')
    expect(before.headers['cache-control']).toBe(json.headers['cache-control'])
    await put('fresh', { body: { ...pot, title: 'Bigger pot' } })
    const after = await product('fresh')
    expect(after.headers['cache-status']).toMatch(/^aisle; fwd=uri-miss; stored/)
    expect(read(after).texts('h1')).toEqual(['Bigger pot'])
    expect(after.headers.etag).not.toBe(before.headers.etag)
  })

  test('is not sent again to a client that has cached it', async () => {
    const { headers } = await product('pot')
    const again = await product('pot', { 'if-none-match': headers.etag })
    expect(again).toMatchObject({ statusCode: 304, headers: { etag: headers.etag } })
    expect(again.body).toBeUndefined()
    expect(again.headers['content-security-policy']).toBe(headers['content-security-policy'])
    expect((await call('getPage', { path: { id: 'pot' } })).headers.etag).not.toBe(headers.etag)
  })

  test('of a typical product has at most 30 KB, and the shop has at most 10 KB of styles and scripts', async () => {
    expect(Buffer.byteLength(productPage(productPageOf('p', 'full')))).toBeLessThanOrEqual(30 * 1024)
    const page = read(await product('pot'))
    const urls = [page.link('stylesheet'), ...page.attribute('script', 'src')].filter(
      (url) => url !== undefined,
    )
    const files = await Promise.all(urls.map((url) => file('assets', url.slice('/assets/'.length))))
    const bytes = files.reduce((sum, { body = '' }) => sum + Buffer.byteLength(body), 0)
    expect(bytes).toBeGreaterThan(1000)
    expect(bytes).toBeLessThanOrEqual(10 * 1024)
  })

  test('formats each price by the minor unit of its currency', async () => {
    const prices = { EUR: '€12.34', JPY: 'JP¥1,234', BHD: 'BHD 1.234' }
    for (const [currency, text] of Object.entries(prices)) {
      await put(currency, { body: { ...aProduct, price: price(1234, currency) } })
      const page = read(await product(currency))
      expect(page.texts('p')).toContain(text)
      expect(page.data['@graph'][0].offers.price).toBe(text.replace(/[^\d.]/g, ''))
    }
    await put('cent', { body: { ...aProduct, price: price(5) } })
    expect(read(await product('cent')).data['@graph'][0].offers).toMatchObject({
      '@type': 'Offer',
      price: '0.05',
    })
  })

  test('shows a thread of sixteen levels, and names the answered author instead of indenting the deep ones', async () => {
    await put('deep', { body: aProduct })
    let parentId: string | undefined
    for (let depth = 0; depth <= 16; depth++) {
      const body = {
        body: `at ${depth}`,
        author: `Author ${depth}`,
        ...(parentId ? { parentId } : { rating: 5 }),
      }
      parentId = (await call('postReview', { path: { id: 'deep' }, body })).json.id
    }
    const page = read(await product('deep'))
    const lists = page.all('ol').filter(({ attributes }) => attributes.get('class')?.startsWith('replies'))
    expect(lists).toHaveLength(16)
    expect(lists.filter(({ attributes }) => attributes.get('class') === 'replies')).toHaveLength(4)
    expect(page.texts('summary')).toEqual(['16 replies'])
    expect(page.texts('main')[0]).toMatch(/Author 16 to Author 15, [^,]+ at 16( |$)/)
    expect(page.texts('main')[0]).not.toMatch(/to Author [0-3],/)
  })
})

describe('a category page', () => {
  test('lists each product once over all its pages, newest first', async () => {
    await insertProducts(
      db,
      table,
      'wood/long',
      Array.from({ length: 30 }, (_, n) => `s${n}`),
    )
    await insertProducts(db, table, 'wood/short', ['t0'], { start: '2020-01-01T00:00:00.000Z' })
    const first = await category('wood')
    expect(first.statusCode).toBe(200)
    const page = read(first)
    const products = (each: typeof page) =>
      each.attribute('a', 'href').flatMap((href) => (href?.startsWith('/p/') ? href.slice(3) : []))
    expect(page.title).toBe('Wood - Larch & Lull')
    expect(page.link('canonical')).toBe('https://shop.example/c/wood')
    expect(page.meta('robots')).toBeUndefined()
    expect(products(page)).toHaveLength(24)
    const next = new URL(page.link('next') ?? '', 'http://localhost')
    expect(next.pathname).toBe('/c/wood')
    const second = read(await category('wood', Object.fromEntries(next.searchParams)))
    expect([...products(page), ...products(second)]).toEqual([
      ...Array.from({ length: 30 }, (_, n) => `s${29 - n}`),
      't0',
    ])
    expect(second.link('next')).toBeUndefined()
    expect(second.link('canonical')).toBeUndefined()
    expect(second.meta('robots')).toBe('noindex, follow')
    expect(second.attribute('a', 'href')).toContain('/c/wood')
  })

  test('shows the path to the category and its subcategories, and the home page shows the category', async () => {
    const listing = read(await category('wood'))
    expect(listing.texts('li')).toEqual(
      expect.arrayContaining(['Home', 'Wood', 'Long 30 products', 'Short 1 product']),
    )
    const home = read(await get('GET /'))
    expect(home.link('canonical')).toBe('https://shop.example/')
    expect(home.texts('li')).toContain('Wood 31 products')
    const [section] = home.all('section').filter(({ text }) => text.includes('Wood'))
    expect(section?.text.match(/s\d+/g)).toHaveLength(4)
  })
})

describe('an error page', () => {
  const errors: [string, number, () => ReturnType<typeof get>][] = [
    ['a product that does not exist', 404, () => product('missing')],
    ['an id outside its grammar', 400, () => product('a b')],
    ['a category that does not exist', 404, () => category('nowhere/at-all')],
    ['a category outside its grammar', 400, () => category('No Where')],
    ['a page that does not exist', 404, () => get('GET /{path+}', { headers: { accept: 'text/html' } })],
  ]
  test.each(errors)('for %s has the status %i and links to the home page', async (_, status, answer) => {
    const { statusCode, headers, body = '' } = await answer()
    expect(statusCode).toBe(status)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    const page = parsePage(body)
    expect(page.texts('h1')).toHaveLength(1)
    expect(page.meta('robots')).toBe('noindex, follow')
    expect(page.all('a').filter(({ attributes }) => attributes.get('href') === '/').length).toBeGreaterThan(1)
  })

  test('for a bad cursor leads back to the category', async () => {
    await put('moved', { body: { ...aProduct, category: 'shelf/long' } })
    const answer = await category('shelf/long', { cursor: 'x'.repeat(40) })
    expect(answer).toMatchObject({ statusCode: 400, headers: { 'cache-control': 'no-store' } })
    const page = read(answer)
    expect(page.texts('h1')).toEqual(['This part of the list has moved'])
    const [button] = page.all('a').filter(({ attributes }) => attributes.get('class') === 'button')
    expect([button?.attributes.get('href'), button?.text.trim()]).toEqual([
      '/c/shelf/long',
      'Go to the beginning of Long',
    ])
  })

  test('for a cursor of a category that does not exist is the 404 of the category', async () => {
    const isMissing = async (path: string, cursor: string) => {
      const answer = await category(path, { cursor })
      expect(answer.statusCode).toBe(404)
      expect(read(answer).texts('h1')).toEqual(['Shelf not found'])
      expect(read(answer).attribute('a', 'href')).not.toContain(`/c/${path}`)
    }
    await isMissing('nosuch', 'bad')
    // A cursor stays valid while the last products of its category go.
    for (const id of ['gone1', 'gone2']) await put(id, { body: { ...aProduct, category: 'gone' } })
    const list = await call('getProducts', { query: { category: 'gone', limit: '1' } })
    const cursor = /cursor=([^>&]+)/.exec(list.headers.link ?? '')?.[1] ?? ''
    for (const id of ['gone1', 'gone2']) await call('deleteProduct', { path: { id } })
    await isMissing('gone', decodeURIComponent(cursor))
  })

  test('speaks to shoppers, not to programmers', async () => {
    for (const answer of [await product('a b'), await category('No Where'), await product('missing')]) {
      const [text = ''] = read(answer).texts('main')
      expect(text).not.toMatch(/\bid\b|slug|letters|digits|cursor|parameter/i)
    }
  })

  test('has the status 503 and Retry-After if the database is away', async () => {
    vi.stubEnv('DYNAMODB_ENDPOINT', `http://127.0.0.1:${await freePort()}`)
    vi.resetModules()
    const { handler }: { handler: Handler } = await import('../../functions/storefront.ts')
    vi.unstubAllEnvs()
    const answer = await handler(toEvent({ route: 'GET /p/{id}', path: { id: 'away' } }))
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
    expect(read(answer).texts('h1')).toEqual(['Just a moment'])
  })
})

describe('files', () => {
  test('every picture is cached for an hour, and its policy lets it load and run nothing', async () => {
    for (const name of readdirSync(new URL('../../lib/storefront/pictures/', import.meta.url))) {
      const { statusCode, headers, body } = await file('pictures', name)
      expect(statusCode).toBe(200)
      expect(body).toMatch(/^<svg /)
      expect(headers).toMatchObject({
        'content-type': 'image/svg+xml',
        'content-security-policy': "default-src 'none'",
        'cache-control': 'public, max-age=3600',
        'x-content-type-options': 'nosniff',
      })
      const again = await file('pictures', name, { 'if-none-match': headers.etag })
      expect(again.statusCode).toBe(304)
    }
  })

  test('an asset is cached forever under its own hash, and for a minute under the hash of another release', async () => {
    const page = read(await get('GET /'))
    for (const url of [page.link('stylesheet'), page.link('icon')]) {
      const [, name = ''] = /^\/assets\/(.+)$/.exec(url ?? '') ?? []
      const now = await file('assets', name)
      expect(now.headers['cache-control']).toBe('public, max-age=31536000, immutable')
      const old = await file('assets', name.replace(/[0-9a-f]{12}/, '0'.repeat(12)))
      expect(old.headers['cache-control']).toBe('public, max-age=60')
      expect(old.body).toBe(now.body)
    }
  })

  test.each([
    ['pictures', '../assets/style.css'],
    ['pictures', '..%2fassets%2fstyle.css'],
    ['pictures', 'none.svg'],
    ['pictures', ''],
    ['assets', 'style.css'],
    ['assets', '../../../package-000000000000.json'],
    ['assets', 'none-000000000000.css'],
    ['assets', 'constructor-000000000000.constructor'],
  ])('/%s/%s does not exist', async (kind, name) => {
    expect((await file(kind, name)).statusCode).toBe(404)
  })
})
