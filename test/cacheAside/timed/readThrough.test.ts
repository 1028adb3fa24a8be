import { describe, expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

describe('a read asks Redis first and the database on a miss', () => {
  timed(
    'a first read misses, loads and stores; a second read is a hit without a load',
    testbed,
    async ({ database }) => {
      const { cache, events } = await testbed.open()
      const { version } = await database.write('a', 'first')

      const miss = await cache.get('a')
      expect(miss).toMatchObject({ value: { text: 'first' }, body: '{"text":"first"}', version })
      expect(miss.status).toMatchObject({ hit: false, fwd: 'uri-miss', stored: true })
      const reads = database.reads

      const hit = await cache.get('a')
      expect(hit).toMatchObject({ value: { text: 'first' }, body: '{"text":"first"}', version })
      expect(hit.status).toMatchObject({ hit: true })
      expect(database.reads).toBe(reads)
      expect(events.map(({ type }) => type)).toEqual(['miss', 'load', 'fill', 'hit'])
    },
  )

  timed('a write removes the entry and does not fill it', testbed, async ({ database }) => {
    const { cache, redis } = await testbed.open()
    await cache.get('b')
    const { invalidation } = await cache.write('b', () => database.write('b', 'new'))
    expect(invalidation).toBe('done')
    expect(await redis.keys('*')).toEqual([])
    expect(await cache.get('b')).toMatchObject({
      value: { text: 'new' },
      status: { hit: false, stored: true },
    })
  })

  timed(
    'the answer "does not exist" is cached for negativeTtl, or until the id is written',
    testbed,
    async ({ database }) => {
      const { cache, redis } = await testbed.open({ negativeTtl: 700 })
      expect(await cache.get('c')).toMatchObject({ value: undefined, body: undefined, version: 0 })
      const reads = database.reads
      expect(await cache.get('c')).toMatchObject({ value: undefined, status: { hit: true } })
      expect(database.reads).toBe(reads)
      expect(await redis.pttl(cache.key('c'))).toBeLessThanOrEqual(700)

      await cache.write('c', () => database.write('c', 'here'))
      expect(await cache.get('c')).toMatchObject({ value: { text: 'here' } })
    },
  )

  timed(
    'an entry expires after its ttl, which is shortened at random by at most the jitter',
    testbed,
    async ({ database }) => {
      const { cache, redis } = await testbed.open({ ttl: 10_000, jitter: 0.5 })
      const lives = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          await database.write(`jitter${index}`, 'x')
          await cache.get(`jitter${index}`)
          return redis.pttl(cache.key(`jitter${index}`))
        }),
      )
      expect(Math.max(...lives)).toBeLessThanOrEqual(10_000)
      expect(Math.min(...lives)).toBeGreaterThan(4_000)
      expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(1_000)
    },
  )

  timed(
    'an entry that is stale by the clock of the process is loaded again, even if Redis still holds it',
    testbed,
    async ({ database }) => {
      const { cache, redis } = await testbed.open({ ttl: 300, jitter: 0 })
      await database.write('d', 'old')
      await cache.get('d')
      await redis.persist(cache.key('d'))
      await redis.pexpire(cache.key('d'), 60_000)
      await database.write('d', 'new')
      await expect.poll(async () => (await cache.get('d')).value).toEqual({ text: 'new' })
      expect((await cache.get('d')).status.hit).toBe(true)
    },
  )

  timed('an entry has an age of 0 if the clock of its loader was ahead', testbed, async ({ database }) => {
    const { cache, redis } = await testbed.open()
    await database.write('e', 'x')
    await cache.get('e')
    const key = cache.key('e')
    const raw = (await redis.get(key)) ?? ''
    const ahead = raw.replace(/(\t\d+ )(\d{13})/, (_, before, at) => `${before}${Number(at) + 3_600_000}`)
    expect(ahead).not.toBe(raw)
    await redis.set(key, ahead, 'PX', 60_000)
    expect(await cache.get('e')).toMatchObject({ age: 0, status: { hit: true } })
  })
})
