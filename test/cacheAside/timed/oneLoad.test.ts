import { expect } from 'vitest'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()

timed('G3: fifty callers of five clients on a cold key make one load', place, async ({ database }) => {
  const opened = await Promise.all(Array.from({ length: 5 }, () => place.open()))
  const caches = opened.map(({ cache }) => cache)
  await database.write('a', 'x')
  const before = database.reads
  const { reached, release } = database.holdNextRead()
  const answers = caches.flatMap((each) => Array.from({ length: 10 }, () => each.get('a')))
  await reached
  setTimeout(release, 100)
  for (const { value, status } of await Promise.all(answers)) {
    expect(value).toEqual({ text: 'x' })
    expect(status.fwd).toBe('uri-miss')
  }
  expect(database.reads - before).toBe(1)
  expect((await Promise.all(answers)).filter(({ status }) => status.collapsed)).toHaveLength(49)
})

timed(
  'G3: a holder of the lease that never comes back costs one lease, then another caller loads and fills',
  place,
  async ({ database }) => {
    const { cache, redis } = await place.open()
    await database.write('b', 'x')
    // What a process leaves behind that was killed while it loaded.
    await redis.set(cache.key('b'), `L${'k'.repeat(16)}`, 'PX', 200)
    expect(await cache.get('b')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
  },
)

timed(
  'G3: a caller whose waiting time is over loads for itself and stores nothing',
  place,
  async ({ database }) => {
    const { cache } = await place.open()
    const other = (await place.open()).cache
    await database.write('c', 'x')
    const { reached, release } = database.holdNextRead()
    const slow = other.get('c')
    await reached
    expect(await cache.get('c', { budgetMs: 600 })).toMatchObject({
      value: { text: 'x' },
      status: { hit: false, fwd: 'bypass', detail: 'wait-timeout' },
    })
    release()
    expect((await slow).status.stored).toBe(true)
  },
)
