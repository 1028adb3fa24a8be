import { describe, expect, test, vi } from 'vitest'
import { productPageOf } from '../../bench/http/productPage.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { aProduct, freshHandlers, type Handler, toEvent } from '../support/http.ts'
import { parsePage } from '../support/parseHtml.ts'
import { freshRedis } from '../support/redis.ts'

const origin = 'https://shop.example'
const { call, put, redisPort } = await freshHandlers()
// The pages read their origin once, from the environment that freshHandlers has set.
const { productPage } = await import('../../lib/storefront/productPage.ts')
const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
const pages = {
  '/': { route: 'GET /' },
  '/c/kitchen/coffee': { route: 'GET /c/{category+}', path: { category: 'kitchen/coffee' } },
  '/p/pot': { route: 'GET /p/{id}', path: { id: 'pot' } },
}
await put('pot', { body: { ...aProduct, images: [{ url: '/pictures/a.svg', alt: '' }] } })

/** Returns every address in structured data, except those of its vocabulary. */
const addressesIn = (data: unknown): string[] =>
  JSON.stringify(data)
    .match(/"(?:[a-z]+:\/)?\/[^"]*"/g)
    ?.map((text) => JSON.parse(text))
    .filter((url) => !url.startsWith('https://schema.org')) ?? []

describe('for search engines', () => {
  test('a page names its address with the configured origin, whatever host a request claims', async () => {
    for (const [path, request] of Object.entries(pages)) {
      const answer = await call('storefront', request)
      const page = parsePage(answer.body ?? '')
      expect(page.link('canonical')).toBe(`${origin}${path}`)
      expect(page.meta('og:url')).toBe(`${origin}${path}`)
      const again = await call('storefront', { ...request, headers: forged })
      expect(again.body).toBe(answer.body)
      expect(again.headers.etag).toBe(answer.headers.etag)
    }
  })

  test('the data of a product has only absolute addresses, and its breadcrumbs end with the product', async () => {
    const page = parsePage((await call('storefront', pages['/p/pot'])).body ?? '')
    const addresses = addressesIn(page.data)
    expect(addresses).toHaveLength(6)
    for (const url of addresses) expect(url).toMatch(/^https:\/\/shop\.example\//)
    expect(page.meta('og:image')).toBe(`${origin}/pictures/a.svg`)
    const [, { itemListElement }] = page.data['@graph']
    expect(itemListElement.map(({ name, item }: Record<string, string>) => [name, item])).toEqual([
      ['Home', `${origin}/`],
      ['Kitchen', `${origin}/c/kitchen`],
      ['Coffee', `${origin}/c/kitchen/coffee`],
      [aProduct.title, `${origin}/p/pot`],
    ])
  })

  test('a description ends with a sentence, and a product without a picture has no gallery and no image', async () => {
    const description = `Six cups. ${'For a long morning '.repeat(20)}.`
    await put('bare', { body: { ...aProduct, description } })
    const page = parsePage(
      (await call('storefront', { route: 'GET /p/{id}', path: { id: 'bare' } })).body ?? '',
    )
    const [data] = page.data['@graph']
    expect([page.meta('description'), data.description]).toEqual(['Six cups.', 'Six cups.'])
    expect([data.image, page.meta('og:image')]).toEqual([undefined, undefined])
    const classes = page.elements.map(({ attributes }) => attributes.get('class'))
    expect(classes).not.toContain('gallery')
    // The cards of its neighbours have a picture or the shop's mark.
    expect(classes.filter((name) => name === 'frame')).toHaveLength(1)
    expect(page.all('img').filter(({ attributes }) => attributes.get('width') === '480')).toHaveLength(1)
    // Cards keep the frame, so that they line up, and show the shop's mark in it.
    const document = productPageOf('p', 'full')
    const related = document.related.map(({ image: _, ...card }) => card)
    const marks = parsePage(productPage({ ...document, related })).attribute('img', 'class')
    expect(related.length).toBeGreaterThan(0)
    expect(marks.filter((name) => name === 'mark')).toHaveLength(related.length)
  })

  test('no entry of the cache holds the origin, and another origin gives each page another tag', async () => {
    await freshRedis({ port: redisPort })
    const tags = () =>
      Promise.all(Object.values(pages).map(async (each) => (await call('storefront', each)).headers.etag))
    const first = async () => (await call('storefront', pages['/p/pot'])).headers['cache-status']
    await expect.poll(first).toMatch(/^aisle; hit/)
    await tags()
    const before = await tags()
    const redis = connectRedis(`redis://127.0.0.1:${redisPort}`)
    const keys = await redis.keys('*')
    const entries = await Promise.all(keys.map((key) => redis.getBuffer(key).catch(() => null)))
    redis.disconnect()
    expect(entries.some((entry) => entry?.includes(aProduct.title))).toBe(true)
    expect(entries.filter((entry) => entry?.includes('shop.example'))).toEqual([])

    vi.stubEnv('STOREFRONT_URL', 'https://new.example')
    vi.resetModules()
    const { handler }: { handler: Handler } = await import('../../functions/storefront.ts')
    vi.unstubAllEnvs()
    for (const [index, request] of Object.values(pages).entries()) {
      const { headers, body } = await handler(toEvent(request))
      expect(headers['cache-status']).toMatch(/^aisle; hit/)
      expect(headers.etag).not.toBe(before[index])
      expect(body).toContain('href="https://new.example/')
      expect(body).not.toContain('shop.example')
    }
  })

  test('a page without a configured origin leaves its addresses out rather than making them relative', async () => {
    vi.stubEnv('STOREFRONT_URL', '')
    vi.resetModules()
    const { productPage } = await import('../../lib/storefront/productPage.ts')
    vi.unstubAllEnvs()
    const document = productPageOf('p')
    const images = [{ url: '/pictures/a.svg', alt: '' }]
    const page = parsePage(productPage({ ...document, product: { ...document.product, images } }))
    expect([page.link('canonical'), page.meta('og:url'), page.meta('og:image')]).toEqual(
      Array(3).fill(undefined),
    )
    expect(addressesIn(page.data)).toEqual([])
  })
})
