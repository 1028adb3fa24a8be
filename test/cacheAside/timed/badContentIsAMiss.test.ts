import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed({ texts: { a: 'good', other: 'of another id' } })

/** Each function replaces the good entry with bad content. */
const damages: Record<string, (redis: Redis, key: string, entry: string) => Promise<unknown>> = {
  'a list': (redis, key) => redis.multi().del(key).rpush(key, 'x').exec(),
  'a hash': (redis, key) => redis.multi().del(key).hset(key, 'x', 'y').exec(),
  'plain text': (redis, key) => redis.set(key, 'garbage', 'PX', 60_000),
  'the empty string': (redis, key) => redis.set(key, '', 'PX', 60_000),
  'bytes that are not UTF-8': (redis, key) => redis.set(key, Buffer.from([0xff, 0xfe, 0, 1]), 'PX', 60_000),
  'an entry truncated in its body': (redis, key, entry) => redis.set(key, entry.slice(0, -3), 'PX', 60_000),
  'an entry truncated in its head': (redis, key, entry) => redis.set(key, entry.slice(0, 12), 'PX', 60_000),
  'an entry with a character too many': (redis, key, entry) => redis.set(key, `${entry}x`, 'PX', 60_000),
  'the entry of another id': (redis, key, entry) =>
    redis.set(key, entry.replace('\ta\t', '\tother\t'), 'PX', 60_000),
  'an entry of another schema': (redis, key, entry) =>
    redis.set(key, entry.replace('\t1\t', '\t2\t'), 'PX', 60_000),
  'an entry whose version is not a number': (redis, key, entry) =>
    redis.set(key, entry.replace(/\t\d+ /, '\tx '), 'PX', 60_000),
  'an entry with a wrong length': (redis, key, entry) =>
    redis.set(key, entry.replace(/ \d+( \d+\n)/, ' 99$1'), 'PX', 60_000),
  'a lease that never ends': (redis, key) => redis.set(key, `L${'x'.repeat(16)}`),
}

for (const [content, damage] of Object.entries(damages)) {
  timed(
    `G8: ${content} is replaced by a loaded value; it is not served and causes no error`,
    testbed,
    async () => {
      const { cache, redis } = await testbed.open()
      await cache.get('a')
      const key = cache.key('a')
      await damage(redis, key, (await redis.get(key)) ?? '')
      expect(await cache.get('a')).toMatchObject({
        value: { text: 'good' },
        status: { hit: false, stored: true },
      })
      expect(await cache.get('a')).toMatchObject({ value: { text: 'good' }, status: { hit: true } })
    },
  )
}

timed(
  'G8: two releases with different schemas share keys, and neither reads entries of the other',
  testbed,
  async () => {
    const { cache: one } = await testbed.open({ schema: '1' })
    const { cache: two } = await testbed.open({
      schema: '2',
      load: async () => ({ value: { text: 'two' }, version: 1 }),
    })
    for (let round = 0; round < 3; round++) {
      expect((await one.get('a')).value).toEqual({ text: 'good' })
      expect((await two.get('a')).value).toEqual({ text: 'two' })
    }
  },
)

timed('any text is returned byte for byte', testbed, async ({ database }) => {
  const { cache } = await testbed.open()
  for (const text of ['', '\n\t\u0000', 'Ünïcödé 東京 🛒', 'x'.repeat(300_000), '\u2028"\\']) {
    await cache.write('text', () => database.write('text', text))
    const { body } = await cache.get('text')
    const hit = await cache.get('text')
    expect(hit).toMatchObject({ status: { hit: true }, body, value: { text } })
  }
})

timed('G10: any id has its own entry', testbed, async () => {
  const { cache } = await testbed.open({ load: async (id) => ({ value: { text: id }, version: 1 }) })
  const ids = ['a', 'a:text', '{a}', 'a}', '}:text{', 'a\tb', 'a\nb', 'ä', '🛒', ' ', 'x'.repeat(5000)]
  for (const round of ['miss', 'hit']) {
    for (const id of ids) {
      expect(await cache.get(id)).toMatchObject({ value: { text: id }, status: { hit: round === 'hit' } })
    }
  }
  await expect(async () => cache.get('')).rejects.toThrow(TypeError)
})
