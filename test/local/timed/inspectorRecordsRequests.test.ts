import { request } from 'node:http'
import { expect, test } from 'vitest'
import { parseCacheStatus } from '../../../lib/local/inspector/responseHeaders.ts'
import { startInspector } from '../../support/inspector.ts'
import { timed } from '../../support/timed.ts'

const inspected = await startInspector(['a'])

timed(
  'the inspector records the outcome, the waiting times, the version and the age of each request, and the response carries its number',
  inspected,
  async ({ requests, read, press, url, port }) => {
    await press('expire')
    expect((await read('b')).status).toBe(404)

    /** Polls the record of the request that was answered by this response. */
    const recordOf = (response: Response) => {
      const n = Number(/request;desc=(\d+)$/.exec(response.headers.get('server-timing') ?? '')?.[1])
      return expect.poll(() => requests.find((each) => each.n === n), { timeout: 5_000 })
    }
    await recordOf(await read()).toMatchObject({
      ...{ outcome: 'miss', method: 'GET', path: '/products/a', status: 200, version: 1 },
      ...{ cacheMs: expect.any(Number), dbMs: expect.any(Number), ms: expect.any(Number) },
    })
    const hit = await read()
    await recordOf(hit).toMatchObject({ outcome: 'hit', version: 1, age: expect.any(Number) })
    await recordOf(hit).not.toHaveProperty('dbMs')

    await press('redisOff')
    await recordOf(await read()).toMatchObject({ outcome: 'fail-open' })
    await press('redisOn')

    await press('burst')
    await expect
      .poll(() => requests.filter(({ outcome }) => outcome === 'collapsed').length)
      .toBeGreaterThan(100)

    const product = await fetch(`${url}/inspector/products/a`).then((response) => response.json())
    expect(product).toMatchObject({
      redis: { on: true, switchable: true },
      database: { state: 'stored', version: 1 },
      entries: [{ cache: 'product', state: 'fresh' }, { cache: 'page' }, { cache: 'reviews' }],
    })

    // Requests that a foreign page could make a browser on this machine send.
    const status = (path: string, method: string, headers: Record<string, string>) =>
      new Promise((resolve) => {
        const sent = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        })
        sent.end()
      })
    expect(await status('/inspector/flush', 'POST', {})).toBe(403)
    expect(await status('/inspector/products/a', 'GET', { host: 'evil.example' })).toBe(403)
    expect(await status('/inspector/flush', 'POST', { host: 'evil.example', 'x-inspector': '1' })).toBe(403)
    expect(await press('constructor')).toMatchObject({ status: 404 })
    expect(await press('expire', '../etc')).toMatchObject({ status: 409 })
    expect(await press('edit', 'missing')).toEqual({ status: 409, message: 'There is no product missing' })
  },
)

test('parseCacheStatus names the outcome of each Cache-Status', () => {
  const names = {
    'aisle; hit; ttl=58': 'hit',
    'aisle; fwd=uri-miss; stored; ttl=58': 'miss',
    'aisle; fwd=uri-miss; collapsed; ttl=58': 'collapsed',
    'aisle; fwd=stale; ttl=-3': 'stale',
    'aisle; fwd=stale; ttl=-3; detail=load-failed': 'stale',
    'aisle; fwd=stale; stored; ttl=58': 'miss',
    'aisle; fwd=stale; collapsed; ttl=58': 'collapsed',
    'aisle; fwd=bypass; detail=redis-away': 'fail-open',
    'aisle; fwd=method; detail=invalidation-done': 'write',
  }
  for (const [header, name] of Object.entries(names))
    expect([header, parseCacheStatus(header).outcome]).toEqual([header, name])
  expect(parseCacheStatus(undefined)).toEqual({ outcome: 'none' })
})
