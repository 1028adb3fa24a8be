import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

/** Writes 'old', and starts a load that has read it but does not return before `release`. */
async function startHeldLoad(id: string) {
  const { database } = testbed
  const { cache, redis } = await testbed.open()
  await database.write(id, 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get(id)
  await reached
  return { cache, redis, slow, release }
}

timed('G1: a value loaded before a write is not stored after it', testbed, async ({ database }) => {
  const { cache, slow, release } = await startHeldLoad('a')
  const writer = (await testbed.open()).cache
  await writer.write('a', () => database.write('a', 'new'))
  release()
  expect(await slow).toMatchObject({ value: { text: 'old' } })
  expect((await slow).status.stored).toBeUndefined()
  expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: false } })
})

timed(
  'G1: a value loaded before a write does not replace what a reader loaded after it',
  testbed,
  async ({ database }) => {
    const { cache, slow, release } = await startHeldLoad('b')
    const other = (await testbed.open()).cache
    await other.write('b', () => database.write('b', 'new'))
    await other.get('b')
    release()
    await slow
    expect(await cache.get('b')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed(
  'G1: a value loaded before a write is not stored under the lease of a reader that loads after it',
  testbed,
  async ({ database }) => {
    const { cache, slow, release: releaseFirst } = await startHeldLoad('c')
    const other = (await testbed.open()).cache
    await other.write('c', () => database.write('c', 'new'))
    const second = database.holdNextRead()
    const late = other.get('c')
    await second.reached
    releaseFirst()
    await slow
    second.release()
    expect((await late).status.stored).toBe(true)
    expect(await cache.get('c')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed('G1: a value is not stored if its lease has ended', testbed, async ({ database }) => {
  const { cache, redis, slow, release } = await startHeldLoad('d')
  // As if the load had lasted longer than its lease.
  await redis.pexpire(cache.key('d'), 20)
  await expect.poll(() => redis.exists(cache.key('d'))).toBe(0)
  await database.write('d', 'new, written past the cache')
  release()
  expect((await slow).status.stored).toBeUndefined()
  expect(await redis.exists(cache.key('d'))).toBe(0)
})

timed('G1: a value is not stored if Redis was flushed during the load', testbed, async () => {
  const { cache, redis, slow, release } = await startHeldLoad('e')
  await redis.flushall()
  release()
  expect((await slow).status.stored).toBeUndefined()
  expect(await redis.exists(cache.key('e'))).toBe(0)
})

timed(
  'G1: a reader that begins after a write does not join an older load of its process',
  testbed,
  async ({ database }) => {
    const { cache, slow, release } = await startHeldLoad('f')
    await cache.write('f', () => database.write('f', 'new'))
    expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
    release()
    await slow
    expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
  },
)

timed(
  'G1: a reader that finds the lease of another process does not join an older load of its own process',
  testbed,
  async ({ database }) => {
    const { cache, slow, release: releaseOld } = await startHeldLoad('h')
    const other = (await testbed.open()).cache
    await other.write('h', () => database.write('h', 'new'))
    const current = database.holdNextRead()
    const theirs = other.get('h')
    await current.reached
    const ours = cache.get('h')
    // Long enough for the reader to find the lease. From now on it could join the old load by mistake.
    await sleep(50)
    releaseOld()
    await slow
    current.release()
    expect(await ours).toMatchObject({ value: { text: 'new' }, status: { collapsed: true } })
    await theirs
  },
)

timed(
  'G1: a value loaded before an explicit invalidation is not stored after it',
  testbed,
  async ({ database }) => {
    const { cache, slow, release } = await startHeldLoad('g')
    await database.write('g', 'new')
    expect(await cache.invalidate('g')).toBe('done')
    release()
    await slow
    expect(await cache.get('g')).toMatchObject({ value: { text: 'new' } })
  },
)
