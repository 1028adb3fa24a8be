import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()

timed('G1: a value loaded before a write is not stored after it', place, async ({ database }) => {
  const { cache } = await place.open()
  const writer = (await place.open()).cache
  await database.write('a', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('a')
  await reached
  await writer.write('a', () => database.write('a', 'new'))
  release()
  expect(await slow).toMatchObject({ value: { text: 'old' } })
  expect((await slow).status.stored).toBeUndefined()
  expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: false } })
})

timed(
  'G1: nor is it stored in place of what a reader loaded after the write',
  place,
  async ({ database }) => {
    const { cache } = await place.open()
    const other = (await place.open()).cache
    await database.write('b', 'old')
    const { reached, release } = database.holdNextRead()
    const slow = cache.get('b')
    await reached
    await other.write('b', () => database.write('b', 'new'))
    await other.get('b')
    release()
    await slow
    expect(await cache.get('b')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed('G1: nor over the lease of a reader that loads after the write', place, async ({ database }) => {
  const { cache } = await place.open()
  const other = (await place.open()).cache
  await database.write('c', 'old')
  const first = database.holdNextRead()
  const slow = cache.get('c')
  await first.reached
  await other.write('c', () => database.write('c', 'new'))
  const second = database.holdNextRead()
  const late = other.get('c')
  await second.reached
  first.release()
  await slow
  second.release()
  expect((await late).status.stored).toBe(true)
  expect(await cache.get('c')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})

timed('G1: nor when its lease has run out', place, async ({ database }) => {
  const { cache, redis } = await place.open()
  await database.write('d', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('d')
  await reached
  // As if the load had taken all of it.
  await redis.pexpire(cache.key('d'), 20)
  await expect.poll(() => redis.exists(cache.key('d'))).toBe(0)
  await database.write('d', 'new, behind the back of the cache')
  release()
  expect((await slow).status.stored).toBeUndefined()
  expect(await redis.exists(cache.key('d'))).toBe(0)
})

timed('G1: nor when Redis was flushed meanwhile', place, async ({ database }) => {
  const { cache, redis } = await place.open()
  await database.write('e', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('e')
  await reached
  await redis.flushall()
  release()
  expect((await slow).status.stored).toBeUndefined()
  expect(await redis.exists(cache.key('e'))).toBe(0)
})

timed(
  'G1: a reader of the same process that begins after a write does not join a load from before it',
  place,
  async ({ database }) => {
    const { cache } = await place.open()
    await database.write('f', 'old')
    const { reached, release } = database.holdNextRead()
    const slow = cache.get('f')
    await reached
    await cache.write('f', () => database.write('f', 'new'))
    expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
    release()
    await slow
    expect(await cache.get('f')).toMatchObject({ value: { text: 'new' } })
  },
)

timed(
  'G1: nor does one that finds the lease of another process, while that old load still runs',
  place,
  async ({ database }) => {
    const { cache } = await place.open()
    const other = (await place.open()).cache
    await database.write('h', 'old')
    const old = database.holdNextRead()
    const slow = cache.get('h')
    await old.reached
    await other.write('h', () => database.write('h', 'new'))
    const current = database.holdNextRead()
    const theirs = other.get('h')
    await current.reached
    const ours = cache.get('h')
    // Long enough to have found the lease; joining the old load would now be possible.
    await sleep(50)
    old.release()
    await slow
    current.release()
    expect(await ours).toMatchObject({ value: { text: 'new' }, status: { collapsed: true } })
    await theirs
  },
)

timed('G1: an explicit invalidation counts like a write', place, async ({ database }) => {
  const { cache } = await place.open()
  await database.write('g', 'old')
  const { reached, release } = database.holdNextRead()
  const slow = cache.get('g')
  await reached
  await database.write('g', 'new')
  expect(await cache.invalidate('g')).toBe('done')
  release()
  await slow
  expect(await cache.get('g')).toMatchObject({ value: { text: 'new' } })
})
