import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

timed('G3: fifty callers with five clients make one load of a cold key', testbed, async ({ database }) => {
  const opened = await Promise.all(Array.from({ length: 5 }, () => testbed.open()))
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
  'G3: if a lease holder never fills, another caller loads and fills after one lease',
  testbed,
  async ({ database }) => {
    const { cache, redis } = await testbed.open()
    await database.write('b', 'x')
    // The lease of a process that was killed during its load.
    await redis.set(cache.key('b'), `L${'k'.repeat(16)}`, 'PX', 200)
    expect(await cache.get('b')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
  },
)

timed(
  'G3: a caller whose time to wait has run out loads for itself and stores nothing',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open()
    const other = (await testbed.open()).cache
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
