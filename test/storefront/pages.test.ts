import { readdirSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { pageOf as typicalPage } from '../../bench/http/page.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { productPage } from '../../lib/storefront/productPage.ts'
import { fill } from '../support/fill.ts'
import { pageOf } from '../support/htmlOf.ts'
import { aProduct, type Call, eventOf, freshHandlers, type Handler } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, call, put, redisPort } = await freshHandlers()
const visit = (route: string, request: Call = {}) => call('storefront', { route, ...request })
const product = (id: string, headers = {}) => visit('GET /p/{id}', { path: { id }, headers })
const category = (path: string, query?: Record<string, string>) =>
  visit('GET /c/{category+}', { path: { category: path }, ...(query && { query }) })
const file = (kind: string, name: string, headers = {}) =>
  visit(`GET /${kind}/{name}`, { path: { name }, headers })
const read = ({ body }: { body?: string }) => pageOf(body ?? '')

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
  test('shows all of its document', async () => {
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
    expect(page.link('canonical')).toBe('/p/pot')
    expect(page.meta('description')).toBe('Six cups.\n\nFor gas and induction.')
    expect(page.meta('og:title')).toBe('Moka pot')
    expect(page.texts('h1')).toEqual(['Moka pot'])
    const [all] = page.texts('main')
    for (const text of [
      'Brasa',
      'Six cups.',
      'from €29.00 before: €40.00',
      'Weight grams',
      '1,610',
      'Yes',
      'steel',
    ])
      expect(all).toContain(text)
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
      image: ['/pictures/a.svg', 'https://images.example/b.webp'],
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

  test('every picture has its place kept, and only what is seen at first is loaded at once', async () => {
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

  test('can be read without eyes: one main, a way past the head, headings without a gap, ids that are there once', async () => {
    for (const answer of [await product('pot'), await visit('GET /'), await category('kitchen/coffee')]) {
      const page = read(answer)
      expect(page.attribute('html', 'lang')).toEqual(['en-GB'])
      expect(page.attribute('main', 'id')).toEqual(['main'])
      expect(page.attribute('a', 'href')[0]).toBe('#main')
      const levels = page.elements.flatMap(({ name }) => (/^h[1-6]$/.test(name) ? Number(name[1]) : []))
      expect(levels.filter((level) => level === 1)).toHaveLength(1)
      for (const [at, level] of levels.entries()) expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1)
      const ids = page.elements.flatMap(({ attributes }) => attributes.get('id') ?? [])
      expect(new Set(ids).size).toBe(ids.length)
      for (const { attributes } of page.elements) {
        for (const key of ['for', 'aria-labelledby'])
          if (attributes.has(key)) expect(ids).toContain(attributes.get(key))
      }
    }
  })

  test('is as fresh as its document: a hit of one entry, and new after a write', async () => {
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

  test('is not sent again to those who have it', async () => {
    const { headers } = await product('pot')
    const again = await product('pot', { 'if-none-match': headers.etag })
    expect(again).toMatchObject({ statusCode: 304, headers: { etag: headers.etag } })
    expect(again.body).toBeUndefined()
    expect(again.headers['content-security-policy']).toBe(headers['content-security-policy'])
    expect((await call('getPage', { path: { id: 'pot' } })).headers.etag).not.toBe(headers.etag)
  })

  test('of a typical product has at most 30 KB, and the shop at most 10 KB of style and script', async () => {
    expect(Buffer.byteLength(productPage(typicalPage('p', 'full')))).toBeLessThanOrEqual(30 * 1024)
    const page = read(await product('pot'))
    const own = [page.link('stylesheet'), ...page.attribute('script', 'src')].filter(
      (url) => url !== undefined,
    )
    const files = await Promise.all(own.map((url) => file('assets', url.slice('/assets/'.length))))
    const bytes = files.reduce((sum, { body = '' }) => sum + Buffer.byteLength(body), 0)
    expect(bytes).toBeGreaterThan(1000)
    expect(bytes).toBeLessThanOrEqual(10 * 1024)
  })

  test('says each price in the minor unit of its currency', async () => {
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

  test('shows a thread of sixteen levels, the deep ones beside each other with the name of whom they answer', async () => {
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

describe('a category', () => {
  test('is listed from the newest to the oldest, page by page, each product once', async () => {
    await fill(
      db,
      table,
      'shelf/long',
      Array.from({ length: 30 }, (_, n) => `s${n}`),
    )
    await fill(db, table, 'shelf/short', ['t0'], { start: '2020-01-01T00:00:00.000Z' })
    const first = await category('shelf')
    expect(first.statusCode).toBe(200)
    const page = read(first)
    const products = (each: typeof page) =>
      each.attribute('a', 'href').flatMap((href) => (href?.startsWith('/p/') ? href.slice(3) : []))
    expect(page.title).toBe('Shelf - Larch & Lull')
    expect(page.link('canonical')).toBe('/c/shelf')
    expect(page.meta('robots')).toBeUndefined()
    expect(products(page)).toHaveLength(24)
    const next = new URL(page.link('next') ?? '', 'http://localhost')
    expect(next.pathname).toBe('/c/shelf')
    const second = read(await category('shelf', Object.fromEntries(next.searchParams)))
    expect([...products(page), ...products(second)]).toEqual([
      ...Array.from({ length: 30 }, (_, n) => `s${29 - n}`),
      't0',
    ])
    expect(second.link('next')).toBeUndefined()
    expect(second.link('canonical')).toBeUndefined()
    expect(second.meta('robots')).toBe('noindex, follow')
    expect(second.attribute('a', 'href')).toContain('/c/shelf')
  })

  test('shows the way to it and what is below it, and so does the first page', async () => {
    const shelf = read(await category('shelf'))
    expect(shelf.texts('li')).toEqual(
      expect.arrayContaining(['Home', 'Shelf', 'Long 30 products', 'Short 1 product']),
    )
    const home = read(await visit('GET /'))
    expect(home.link('canonical')).toBe('/')
    expect(home.texts('li')).toContain('Shelf 31 products')
    const [section] = home.all('section').filter(({ text }) => text.includes('Shelf'))
    expect(section?.text.match(/s\d+/g)).toHaveLength(4)
  })
})

describe('an error is a page with a way on', () => {
  const errors: [string, number, () => ReturnType<typeof visit>][] = [
    ['a product that does not exist', 404, () => product('nobody')],
    ['an id outside its grammar', 400, () => product('a b')],
    ['a category that does not exist', 404, () => category('nowhere/at-all')],
    ['a category outside its grammar', 400, () => category('No Where')],
    ['a forged cursor', 400, () => category('shelf', { cursor: 'x'.repeat(40) })],
    ['a page that does not exist', 404, () => visit('GET /elsewhere')],
  ]
  test.each(errors)('%s is %i', async (_, status, answer) => {
    const { statusCode, headers, body = '' } = await answer()
    expect(statusCode).toBe(status)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    const page = pageOf(body)
    expect(page.texts('h1')).toHaveLength(1)
    expect(page.meta('robots')).toBe('noindex, follow')
    expect(page.all('a').filter(({ attributes }) => attributes.get('href') === '/').length).toBeGreaterThan(1)
  })

  test('while the database is away it is 503, and says when to come back', async () => {
    vi.stubEnv('DYNAMODB_ENDPOINT', `http://127.0.0.1:${await freePort()}`)
    vi.resetModules()
    const { handler }: { handler: Handler } = await import('../../functions/storefront.ts')
    vi.unstubAllEnvs()
    const answer = await handler(eventOf({ route: 'GET /p/{id}', path: { id: 'away' } }))
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
    expect(read(answer).texts('h1')).toEqual(['Just a moment'])
  })
})

describe('files', () => {
  test('every picture is served, for an hour, and unable to do anything', async () => {
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

  test('what pages refer to may be kept for ever, and under the hash of another release for a minute', async () => {
    const page = read(await visit('GET /'))
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
  ])('there is no /%s/%s', async (kind, name) => {
    expect((await file(kind, name)).statusCode).toBe(404)
  })
})
