import { afterEach, expect, test, vi } from 'vitest'
import { freePort } from '../lib/local/server.ts'
import { freshCache, freshDatabase, openCache } from './support/cache.ts'
import { startProxy } from './support/proxy.ts'
import { freshRedis } from './support/redis.ts'

const database = await freshDatabase()
afterEach(() => vi.restoreAllMocks())

test('with nobody listening, reads answer from the database and writes commit', async () => {
  const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database)
  const written = await cache.write('a', () => database.write('a', 'x'))
  expect(written).toMatchObject({ value: { text: 'x' }, invalidation: 'deferred' })
  expect(await cache.get('a')).toMatchObject({
    value: { text: 'x' },
    status: { hit: false, fwd: 'bypass', detail: 'redis-error' },
  })
})

test('killed and restarted, it is used again', async () => {
  const { cache, server } = await freshCache(database)
  await database.write('b', 'x')
  await cache.get('b')
  expect((await cache.get('b')).status.hit).toBe(true)
  await server.stop('SIGKILL')
  expect(await cache.get('b')).toMatchObject({ value: { text: 'x' }, status: { fwd: 'bypass' } })
  await freshRedis({ port: server.port })
  await expect.poll(async () => (await cache.get('b')).status.hit, { timeout: 2000 }).toBe(true)
})

test('a Redis that hangs costs one time budget, not the answer', async () => {
  const { cache, server } = await freshCache(database, { cacheTimeoutMs: 100 })
  await database.write('c', 'x')
  await cache.get('c')
  server.process.kill('SIGSTOP')
  const start = performance.now()
  expect(await cache.get('c')).toMatchObject({
    value: { text: 'x' },
    status: { fwd: 'bypass', detail: 'redis-timeout' },
  })
  // Far from the 15 s and more that a client's own defaults would take; the bound itself is 100 ms and one database read.
  expect(performance.now() - start).toBeLessThan(2000)
  server.process.kill('SIGCONT')
  await expect.poll(async () => (await cache.get('c')).status.hit, { timeout: 3000 }).toBe(true)
})

test('a Redis that hangs while the lease is taken or the entry is filled does not fail the read', async () => {
  const { cache, server } = await freshCache(database)
  await database.write('d', 'x')
  const { reached, release } = database.holdNextRead()
  const read = cache.get('d')
  await reached
  server.process.kill('SIGSTOP')
  release()
  expect(await read).toMatchObject({ value: { text: 'x' }, status: { fwd: 'uri-miss' } })
  expect((await read).status.stored).toBeUndefined()
  server.process.kill('SIGCONT')
})

test('a connection that carries nothing any more is left for a new one', async () => {
  const server = await freshRedis()
  const proxy = await startProxy(server.port)
  const { cache } = openCache(proxy.url, database)
  await database.write('g', 'x')
  await cache.get('g')
  expect((await cache.get('g')).status.hit).toBe(true)
  proxy.swallow()
  expect(await cache.get('g')).toMatchObject({ status: { fwd: 'bypass', detail: 'redis-timeout' } })
  await expect.poll(async () => (await cache.get('g')).status.hit, { timeout: 5000 }).toBe(true)
})

test('a removal that Redis did not confirm is delivered before the id is read from Redis again', async () => {
  const { cache, server } = await freshCache(database)
  await database.write('e', 'old')
  await cache.get('e')
  server.process.kill('SIGSTOP')
  const { invalidation } = await cache.write('e', () => database.write('e', 'new'))
  expect(invalidation).toBe('deferred')
  expect(await cache.get('e')).toMatchObject({ value: { text: 'new' }, status: { fwd: 'bypass' } })
  server.process.kill('SIGCONT')
  await expect
    .poll(
      async () => {
        const { value, status } = await cache.get('e')
        expect(value).toEqual({ text: 'new' })
        return status.hit
      },
      { timeout: 3000 },
    )
    .toBe(true)
})

test('a process that only writes delivers what it owes with its next removal', async () => {
  const { cache: writer, server } = await freshCache(database)
  const reader = openCache(server.url, database).cache
  await database.write('h', 'old')
  await reader.get('h')
  server.process.kill('SIGSTOP')
  expect(await writer.write('h', () => database.write('h', 'new'))).toMatchObject({
    invalidation: 'deferred',
  })
  // The silent connection is left for a new one, so that the removal itself is lost with it.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  server.process.kill('SIGCONT')
  await expect.poll(() => writer.invalidate('another'), { timeout: 3000 }).toBe('done')
  expect((await reader.get('h')).value).toEqual({ text: 'new' })
})

test('a lease that was taken too late for its caller does not keep others waiting', async () => {
  const { cache, server, redis } = await freshCache(database)
  const other = openCache(server.url, database).cache
  await database.write('i', 'x')
  await redis.ping()
  // Redis hangs from the moment on which the lease is asked for.
  const take = redis.cacheAsideLease.bind(redis)
  redis.cacheAsideLease = ((...args: Parameters<typeof take>) => {
    server.process.kill('SIGSTOP')
    return take(...args)
  }) as typeof redis.cacheAsideLease
  expect((await cache.get('i')).status.detail).toBe('redis-timeout')
  server.process.kill('SIGCONT')
  const start = performance.now()
  expect((await other.get('i')).value).toEqual({ text: 'x' })
  // Far below the three seconds of the lease.
  expect(performance.now() - start).toBeLessThan(1000)
})

test('a removal that a dead Redis never saw is delivered when it is back with its data', async () => {
  const { cache, redis, server } = await freshCache(database)
  const other = openCache(server.url, database)
  await database.write('f', 'old')
  await cache.get('f')
  // Cut off, as by a network that is gone; the entry stays in Redis.
  redis.disconnect()
  vi.spyOn(redis, 'connect').mockRejectedValue(new Error('no route'))
  expect(await cache.write('f', () => database.write('f', 'new'))).toMatchObject({ invalidation: 'deferred' })
  expect((await other.cache.get('f')).value).toEqual({ text: 'old' })
  vi.restoreAllMocks()
  await redis.connect()
  expect(await cache.get('f')).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
  expect(await other.cache.get('f')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})
