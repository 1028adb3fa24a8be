import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { LoadFailed } from '../../../lib/cacheAside/index.ts'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()
const options = { ttl: 100, jitter: 0, staleIfError: 60_000 }

timed(
  'G6: when loading fails, an entry that has merely aged out is served, marked as stale',
  place,
  async ({ database }) => {
    const { cache } = await place.open(options)
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
  'G6: while the failure is young the database is left alone, and then asked again',
  place,
  async ({ database }) => {
    const { cache } = await place.open(options)
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
  'G6: while it loads, a value that is only for errors is not served: the callers wait for the new one',
  place,
  async ({ database }) => {
    const { cache } = await place.open(options)
    await database.write('c', 'old')
    await cache.get('c')
    await database.write('c', 'new')
    await sleep(150)
    const answers = await Promise.all(Array.from({ length: 5 }, () => cache.get('c')))
    for (const { value } of answers) expect(value).toEqual({ text: 'new' })
  },
)

timed(
  'G6: an entry that was removed is never served, however the database fails',
  place,
  async ({ database }) => {
    const { cache } = await place.open(options)
    await database.write('d', 'old')
    await cache.get('d')
    await sleep(150)
    await cache.invalidate('d')
    database.failure = new Error('throttled')
    await expect(cache.get('d')).rejects.toThrow(LoadFailed)
  },
)

timed('G6: past its window there is one typed error', place, async ({ database }) => {
  const { cache } = await place.open({ ...options, staleIfError: 50 })
  await database.write('e', 'old')
  await cache.get('e')
  await sleep(300)
  database.failure = new Error('throttled')
  await expect(cache.get('e')).rejects.toThrow(LoadFailed)
})
