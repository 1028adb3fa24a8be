import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, vi } from 'vitest'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { openCache } from '../../support/cache.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()
afterEach(() => vi.restoreAllMocks())

timed(
  'G4: if connections are refused, reads answer from the database and writes commit',
  testbed,
  async ({ database }) => {
    const { cache } = openCache(`redis://127.0.0.1:${await freePort()}`, database)
    const written = await cache.write('a', () => database.write('a', 'x'))
    expect(written).toMatchObject({ value: { text: 'x' }, invalidation: 'deferred' })
    expect(await cache.get('a')).toMatchObject({
      value: { text: 'x' },
      status: { hit: false, fwd: 'bypass', detail: 'redis-error' },
    })
  },
)

timed('G4: a Redis that was killed and restarted is used again', testbed, async ({ database, server }) => {
  const { cache } = await testbed.open()
  await database.write('b', 'x')
  await cache.get('b')
  expect((await cache.get('b')).status.hit).toBe(true)
  await server.stop('SIGKILL')
  expect(await cache.get('b')).toMatchObject({ value: { text: 'x' }, status: { fwd: 'bypass' } })
  await testbed.restartRedis()
  await expect.poll(async () => (await cache.get('b')).status.hit, { timeout: 2000 }).toBe(true)
})

timed(
  'G4: a read is answered after one time budget while Redis hangs',
  testbed,
  async ({ database, server }) => {
    const { cache } = await testbed.open()
    await database.write('c', 'x')
    await cache.get('c')
    server.process.kill('SIGSTOP')
    const start = performance.now()
    expect(await cache.get('c')).toMatchObject({
      value: { text: 'x' },
      status: { fwd: 'bypass', detail: 'redis-timeout' },
    })
    // The bound is 100 ms and one read of the database. A client with its own defaults would take more than 15 s.
    expect(performance.now() - start).toBeLessThan(2000)
    server.process.kill('SIGCONT')
    await expect.poll(async () => (await cache.get('c')).status.hit, { timeout: 3000 }).toBe(true)
  },
)

timed(
  'G4: a Redis that hangs during the fill does not fail the read',
  testbed,
  async ({ database, server }) => {
    const { cache } = await testbed.open()
    await database.write('d', 'x')
    const { reached, release } = database.holdNextRead()
    const read = cache.get('d')
    await reached
    server.process.kill('SIGSTOP')
    release()
    expect(await read).toMatchObject({ value: { text: 'x' }, status: { fwd: 'uri-miss' } })
    expect((await read).status.stored).toBeUndefined()
    server.process.kill('SIGCONT')
  },
)

timed(
  'G4: a connection that no longer carries any data is replaced by a new one',
  testbed,
  async ({ database, wire }) => {
    const { cache } = await testbed.open()
    await database.write('g', 'x')
    await cache.get('g')
    expect((await cache.get('g')).status.hit).toBe(true)
    await Promise.all([wire.swallow('up'), wire.swallow('down')])
    expect(await cache.get('g')).toMatchObject({ status: { fwd: 'bypass', detail: 'redis-timeout' } })
    await expect.poll(async () => (await cache.get('g')).status.hit, { timeout: 5000 }).toBe(true)
  },
)

timed(
  'G5: a removal that Redis did not confirm is delivered before the id is read from Redis again',
  testbed,
  async ({ database, server }) => {
    const { cache } = await testbed.open()
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
  },
)

timed(
  'G5: a process that only writes delivers its outbox with its next removal',
  testbed,
  async ({ database, server }) => {
    const { cache: writer } = await testbed.open()
    const reader = (await testbed.open()).cache
    await database.write('h', 'old')
    await reader.get('h')
    server.process.kill('SIGSTOP')
    expect(await writer.write('h', () => database.write('h', 'new'))).toMatchObject({
      invalidation: 'deferred',
    })
    // A new connection replaces the silent one, so the removal itself is lost.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    server.process.kill('SIGCONT')
    await expect.poll(() => writer.invalidate('other'), { timeout: 3000 }).toBe('done')
    expect((await reader.get('h')).value).toEqual({ text: 'new' })
  },
)

timed(
  'G3: a lease that was granted too late for its caller keeps no other caller waiting',
  testbed,
  async ({ database, wire }) => {
    const { cache } = await testbed.open()
    const other = (await testbed.open()).cache
    await database.write('i', 'x')
    // Redis then knows the scripts, so that the first command with the id takes its lease.
    await cache.get('other')
    await wire.trap('eval.*{i}', 'held')
    expect((await cache.get('i')).status.detail).toBe('redis-timeout')
    await wire.release()
    const start = performance.now()
    expect((await other.get('i')).value).toEqual({ text: 'x' })
    // Far below the three seconds of the lease.
    expect(performance.now() - start).toBeLessThan(1000)
  },
)

timed(
  'G5: a removal that never reached Redis is delivered when Redis is reachable again with its old data',
  testbed,
  async ({ database }) => {
    const { cache, redis } = await testbed.open()
    const other = await testbed.open()
    await database.write('f', 'old')
    await cache.get('f')
    // As if the network had failed. The entry stays in Redis.
    redis.disconnect()
    vi.spyOn(redis, 'connect').mockRejectedValue(new Error('no route'))
    expect(await cache.write('f', () => database.write('f', 'new'))).toMatchObject({
      invalidation: 'deferred',
    })
    expect((await other.cache.get('f')).value).toEqual({ text: 'old' })
    vi.restoreAllMocks()
    await redis.connect()
    expect(await cache.get('f')).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
    expect(await other.cache.get('f')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed(
  'G4: a value that was loaded in time is served, even if Redis hangs during the fill',
  testbed,
  async ({ server }) => {
    const { cache } = await testbed.open({
      load: async () => {
        await sleep(450)
        server.process.kill('SIGSTOP')
        return { value: { text: 'x' }, version: 1 }
      },
    })
    const answer = await cache.get('late', { budgetMs: 520 }).finally(() => server.process.kill('SIGCONT'))
    expect(answer).toMatchObject({ value: { text: 'x' } })
    expect(answer.status.stored).toBeUndefined()
  },
)
