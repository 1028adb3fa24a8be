import { expect, test, vi } from 'vitest'
import { type Call, freshHandlers, type Handler, toEvent } from '../support/http.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { parseElements, parsePage } from '../support/parseHtml.ts'

const { db, table, call } = await freshHandlers()
await insertProducts(db, table, 'wood', ['a', 'b'])
const requests: Call[] = [
  { route: 'GET /' },
  { route: 'GET /c/{category+}', path: { category: 'wood' } },
  { route: 'GET /p/{id}', path: { id: 'a' } },
  { route: 'GET /p/{id}', path: { id: 'missing' } },
]

test('every page, including an error page, allows only files of its own origin', async () => {
  for (const request of requests) {
    const { headers } = await call('storefront', request)
    expect(headers['content-security-policy']?.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' https: data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(headers['referrer-policy']).toBe('strict-origin-when-cross-origin')
    expect(headers['x-content-type-options']).toBe('nosniff')
  }
})

test('no page has an inline script, an inline style, or an attribute that is one', async () => {
  for (const request of requests) {
    const { body = '' } = await call('storefront', request)
    for (const { name, attributes } of parseElements(body)) {
      expect(['style', 'iframe', 'object', 'embed', 'base', 'form']).not.toContain(name)
      if (name === 'script') expect(attributes.get('type')).toBe('application/ld+json')
      for (const key of attributes.keys()) expect(key).not.toMatch(/^(on|style$)/)
    }
  }
})

test('every asset that a page refers to exists', async () => {
  for (const request of requests) {
    const { body = '' } = await call('storefront', request)
    const { attribute } = parsePage(body)
    const urls = [...attribute('link', 'href'), ...attribute('img', 'src'), ...attribute('script', 'src')]
    const names = urls.flatMap((url) => (url?.startsWith('/assets/') ? url.slice('/assets/'.length) : []))
    expect(names.length).toBeGreaterThan(2)
    for (const name of names)
      expect((await call('storefront', { route: 'GET /assets/{name}', path: { name } })).statusCode).toBe(200)
  }
})

test('the inspector adds only its script and its stylesheet to a page, and is absent by default', async () => {
  const request = { route: 'GET /p/{id}', path: { id: 'a' } }
  const { body: plain = '', headers: before } = await call('storefront', request)
  expect(plain).not.toMatch(/inspector/i)
  vi.stubEnv('STOREFRONT_INSPECTOR', '1')
  vi.resetModules()
  const { handler }: { handler: Handler } = await import('../../functions/storefront.ts')
  const { body = '', headers } = await handler(toEvent(request))
  const added =
    /\n<link rel="stylesheet" href="(\/assets\/inspector-[0-9a-f]{12}\.css)">\n<script src="(\/assets\/inspector-[0-9a-f]{12}\.js)" type="module"><\/script>/
  expect(body).toMatch(added)
  expect(body.replace(added, '\n')).toBe(plain)
  expect(headers['content-security-policy']).toBe(before['content-security-policy'])
  // The document is the same but the page is not, so a client must not reuse the cached page.
  expect(headers.etag).not.toBe(before.etag)
})
