import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aProduct } from '../support/http.ts'
import { startNpxOffline, startServices } from '../support/offline.ts'

/** For how long a process answers with its own last load at the most, Redis being away, ms. */
const fallbackMs = 1_000

/** The story of the README, over HTTP, through `npx serverless offline` on its own. */
let services: Awaited<ReturnType<typeof startServices>>
let offline: Awaited<ReturnType<typeof startNpxOffline>>
beforeAll(async () => {
  services = await startServices()
  offline = await startNpxOffline(services.env)
}, 90_000)
afterAll(async () => {
  await offline?.stop()
  await services?.stop()
})

const get = async (id = '1') => {
  const response = await fetch(`${offline.url}/products/${id}`, { signal: AbortSignal.timeout(10_000) })
  return { status: response.status, cache: response.headers.get('cache-status'), json: await response.json() }
}

const put = async (title: string, token?: string, id = '1') => {
  const response = await fetch(`${offline.url}/products/${id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ ...aProduct, title }),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, cache: response.headers.get('cache-status'), json: await response.json() }
}

test('the authorizer guards the write: no token 401, the wrong scope 403, and nothing is written', async () => {
  expect(await put('x')).toMatchObject({ status: 401, json: { type: 'urn:aisle:problem:no-valid-token' } })
  expect(await put('x', 'a.b.c')).toMatchObject({ status: 401 })
  expect(await put('x', await services.token('reviews:write'))).toMatchObject({
    status: 403,
    json: { type: 'urn:aisle:problem:insufficient-scope' },
  })
  expect(await get('never')).toMatchObject({ status: 404 })
})

test('a read misses and stores, the next is a hit, an update invalidates, the next read is fresh', async () => {
  const token = await services.token()
  expect(await put('Moka pot', token)).toMatchObject({
    status: 201,
    cache: expect.stringContaining('invalidation-done'),
  })
  expect(await get()).toMatchObject({
    status: 200,
    cache: expect.stringMatching(/^aisle; fwd=uri-miss; stored/),
  })
  expect(await get()).toMatchObject({
    status: 200,
    cache: expect.stringMatching(/^aisle; hit; ttl=/),
    json: { title: 'Moka pot' },
  })
  expect(await put('Moka pot, large', token)).toMatchObject({
    status: 200,
    cache: expect.stringContaining('invalidation-done'),
  })
  expect(await get()).toMatchObject({
    cache: expect.stringMatching(/^aisle; fwd=uri-miss; stored/),
    json: { title: 'Moka pot, large' },
  })
})

test('with Redis killed every read and write works; when it is back there are hits again', async () => {
  const token = await services.token()
  await services.redis.stop('SIGKILL')
  // Three failures open the breaker: after that the reader keeps its own last load.
  for (let round = 0; round < 5; round++) {
    expect(await put(`round ${round}`, token)).toMatchObject({
      status: 200,
      cache: expect.stringContaining('invalidation-deferred'),
    })
    // Reader and writer have a sandbox each: the reader may answer with its own last load, for `fallbackMs`, 1 s.
    const written = performance.now()
    for (;;) {
      const asked = performance.now()
      const { status, cache, json } = await get()
      expect(status).toBe(200)
      if (cache !== 'aisle; fwd=bypass; collapsed; detail=fallback' || asked - written > fallbackMs) {
        expect({ cache, json }).toMatchObject({
          cache: expect.stringMatching(/^aisle; fwd=bypass; (detail=redis-|collapsed; detail=fallback$)/),
          json: { title: `round ${round}` },
        })
        break
      }
      await sleep(50)
    }
  }
  await services.restartRedis()
  await expect.poll(async () => (await get()).cache, { timeout: 5000 }).toMatch(/^aisle; hit/)
  expect(await get()).toMatchObject({ json: { title: 'round 4' } })
})

test('with DynamoDB killed what is cached is served, and the rest is a 503 that says when to come back', async () => {
  await get()
  await services.dynamodb.stop('SIGKILL')
  expect(await get()).toMatchObject({ status: 200, cache: expect.stringMatching(/^aisle; hit/) })
  const response = await fetch(`${offline.url}/products/other`, { signal: AbortSignal.timeout(10_000) })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await response.json()).toMatchObject({ type: 'urn:aisle:problem:database-unavailable' })
})
