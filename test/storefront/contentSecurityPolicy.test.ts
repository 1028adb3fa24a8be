import { expect, test, vi } from 'vitest'
import { fill } from '../support/fill.ts'
import { elementsOf, pageOf } from '../support/htmlOf.ts'
import { type Call, eventOf, freshHandlers, type Handler } from '../support/http.ts'

const { db, table, call } = await freshHandlers()
await fill(db, table, 'shelf', ['a', 'b'])
const requests: Call[] = [
  { route: 'GET /' },
  { route: 'GET /c/{category+}', path: { category: 'shelf' } },
  { route: 'GET /p/{id}', path: { id: 'a' } },
  { route: 'GET /p/{id}', path: { id: 'nobody' } },
]

test('every page, an error too, forbids all but files of its own origin', async () => {
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

test('no page has script or style in it, or an attribute that is one', async () => {
  for (const request of requests) {
    const { body = '' } = await call('storefront', request)
    for (const { name, attributes } of elementsOf(body)) {
      expect(['style', 'iframe', 'object', 'embed', 'base', 'form']).not.toContain(name)
      if (name === 'script') expect(attributes.get('type')).toBe('application/ld+json')
      for (const key of attributes.keys()) expect(key).not.toMatch(/^(on|style$)/)
    }
  }
})

test('pages refer to no file that is not there', async () => {
  for (const request of requests) {
    const { body = '' } = await call('storefront', request)
    const { attribute } = pageOf(body)
    const urls = [...attribute('link', 'href'), ...attribute('img', 'src'), ...attribute('script', 'src')]
    const names = urls.flatMap((url) => (url?.startsWith('/assets/') ? url.slice('/assets/'.length) : []))
    expect(names.length).toBeGreaterThan(2)
    for (const name of names)
      expect((await call('storefront', { route: 'GET /assets/{name}', path: { name } })).statusCode).toBe(200)
  }
})

test('with the inspector a page has its script and its stylesheet, and else nothing; without it no trace', async () => {
  const request = { route: 'GET /p/{id}', path: { id: 'a' } }
  const { body: plain = '', headers: before } = await call('storefront', request)
  expect(plain).not.toMatch(/inspector/i)
  vi.stubEnv('STOREFRONT_INSPECTOR', '1')
  vi.resetModules()
  const { handler }: { handler: Handler } = await import('../../functions/storefront.ts')
  const { body = '', headers } = await handler(eventOf(request))
  const added =
    /\n<link rel="stylesheet" href="(\/assets\/inspector-[0-9a-f]{12}\.css)">\n<script src="(\/assets\/inspector-[0-9a-f]{12}\.js)" type="module"><\/script>/
  expect(body).toMatch(added)
  expect(body.replace(added, '\n')).toBe(plain)
  expect(headers['content-security-policy']).toBe(before['content-security-policy'])
  // The same document, but another page: who has the one must not keep it for the other.
  expect(headers.etag).not.toBe(before.etag)
})
