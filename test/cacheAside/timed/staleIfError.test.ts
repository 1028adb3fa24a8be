import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { LoadFailed } from '../../../lib/cacheAside/index.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()
const options = { ttl: 100, jitter: 0, staleIfError: 60_000 }

timed(
  'G6: if a load fails, an expired entry is served and marked as stale',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open(options)
    await database.write('a', 'old')
    await cache.get('a')
    await sleep(150)
    database.failure = new Error('throttled')
    const answer = await cache.get('a')
    expect(answer).toMatchObject({
      value: { text: 'old' },
      status: { hit: false, fwd: 'stale', detail: 'load-failed' },
    })
    expect(answer.status.ttl).toBeLessThan(0)
  },
)

timed(
  'G6: after a failed load, the database is not asked again until the mark has ended',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open(options)
    await database.write('b', 'old')
    await cache.get('b')
    await sleep(150)
    database.failureMs = 150
    database.failure = new Error('throttled')
    await cache.get('b')
    const before = database.reads
    for (let n = 0; n < 5; n++)
      expect(await cache.get('b')).toMatchObject({ status: { fwd: 'stale', detail: 'load-failed' } })
    expect(database.reads).toBe(before)
    database.failure = undefined
    await sleep(250)
    expect(await cache.get('b')).toMatchObject({ status: { fwd: 'stale', stored: true } })
  },
)

timed(
  'G6: during a load, callers wait for the new value if the stale one is only for errors',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open(options)
    await database.write('c', 'old')
    await cache.get('c')
    await database.write('c', 'new')
    await sleep(150)
    const answers = await Promise.all(Array.from({ length: 5 }, () => cache.get('c')))
    for (const { value } of answers) expect(value).toEqual({ text: 'new' })
  },
)

timed('G6: a removed entry is never served, even if the database fails', testbed, async ({ database }) => {
  const { cache } = await testbed.open(options)
  await database.write('d', 'old')
  await cache.get('d')
  await sleep(150)
  await cache.invalidate('d')
  database.failure = new Error('throttled')
  await expect(cache.get('d')).rejects.toThrow(LoadFailed)
})

timed('G6: past staleIfError, a failed load is a typed error', testbed, async ({ database }) => {
  const { cache } = await testbed.open({ ...options, staleIfError: 50 })
  await database.write('e', 'old')
  await cache.get('e')
  await sleep(300)
  database.failure = new Error('throttled')
  await expect(cache.get('e')).rejects.toThrow(LoadFailed)
})
