import { request } from 'node:http'
import { expect, test } from 'vitest'
import { outcomeOf } from '../../../lib/local/inspector/outcome.ts'
import { startInspected } from '../../support/inspector.ts'
import { timed } from '../../support/timed.ts'

const inspected = await startInspected(['a'])

timed(
  'each request is told with its outcome, its waits, and the version and age of its entry; its answer names it',
  inspected,
  async ({ told, read, press, url, port }) => {
    await press('expire')
    expect((await read('b')).status).toBe(404)

    /** What is told of the request that an answer names. */
    const toldOf = (response: Response) => {
      const n = Number(/request;desc=(\d+)$/.exec(response.headers.get('server-timing') ?? '')?.[1])
      return expect.poll(() => told.find((each) => each.n === n), { timeout: 5_000 })
    }
    await toldOf(await read()).toMatchObject({
      ...{ outcome: 'miss', method: 'GET', path: '/products/a', status: 200, version: 1 },
      ...{ cacheMs: expect.any(Number), dbMs: expect.any(Number), ms: expect.any(Number) },
    })
    const hit = await read()
    await toldOf(hit).toMatchObject({ outcome: 'hit', version: 1, age: expect.any(Number) })
    await toldOf(hit).not.toHaveProperty('dbMs')

    await press('redisOff')
    await toldOf(await read()).toMatchObject({ outcome: 'fail-open' })
    await press('redisOn')

    await press('burst')
    await expect.poll(() => told.filter(({ outcome }) => outcome === 'collapsed').length).toBeGreaterThan(100)

    const product = await fetch(`${url}/inspector/products/a`).then((response) => response.json())
    expect(product).toMatchObject({
      redis: { on: true, switchable: true },
      database: { state: 'stored', version: 1 },
      entries: [{ cache: 'product', state: 'fresh' }, { cache: 'page' }, { cache: 'reviews' }],
    })

    // Others that a browser of this machine could be made to send.
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
    expect(await press('edit', 'nobody')).toEqual({ status: 409, said: 'There is no product nobody' })
  },
)

test('Cache-Status is told by the names that people use', () => {
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
    expect([header, outcomeOf(header).outcome]).toEqual([header, name])
  expect(outcomeOf(undefined)).toEqual({ outcome: 'none' })
})
