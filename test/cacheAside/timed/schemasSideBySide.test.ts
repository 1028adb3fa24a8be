import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed({ texts: { a: 'old', b: 'old' } })

/** Opens a reader of a schema, as in its own process, and counts its loads. */
async function open(schema: string, options: Parameters<typeof testbed.open>[0] = {}) {
  let loads = 0
  const { database } = testbed
  const opened = await testbed.open({
    schema,
    load: (id) => {
      loads++
      return database.read(id)
    },
    ...options,
  })
  return { ...opened, loads: () => loads }
}

timed("G8: readers of three schemas do not replace each other's entries of a hot id", testbed, async () => {
  const [one, two, three] = [await open('1'), await open('2'), await open('3')]
  for (let round = 0; round < 20; round++) {
    for (const { cache } of [one, two, three]) {
      const { value, status } = await cache.get('a')
      expect(value).toEqual({ text: 'old' })
      expect(status).toMatchObject(round === 0 ? { stored: true } : { hit: true })
    }
  }
  expect([one.loads(), two.loads(), three.loads()]).toEqual([1, 1, 1])
})

timed("G8: readers of two schemas do not replace each other's entries in lists", testbed, async () => {
  const [one, two] = [await open('1'), await open('2')]
  await one.cache.get('a')
  await two.cache.get('b')
  for (let round = 0; round < 5; round++) {
    for (const { cache } of [one, two]) {
      const answers = await cache.getMany(['a', 'b', 'a'])
      expect(answers.map(({ value }) => value)).toEqual(Array(3).fill({ text: 'old' }))
      if (round > 0) for (const { status } of answers) expect(status).toMatchObject({ hit: true })
    }
  }
  expect([one.loads(), two.loads()]).toEqual([2, 2])
})

timed('G8: one removal ends the entries of both schemas', testbed, async ({ database }) => {
  const caches = [await open('1'), await open('2')]
  for (const writer of caches) {
    for (const { cache } of caches) await cache.get('a')
    const text = `by ${caches.indexOf(writer)}`
    await writer.cache.write('a', () => database.write('a', text))
    for (const { cache } of caches) expect((await cache.get('a')).value).toEqual({ text })
    await writer.cache.invalidate('a', { version: 1000 })
    await database.write('a', `${text}, again`)
    await writer.cache.invalidate('a', { version: 1001 })
    for (const { cache } of caches.toReversed())
      expect((await cache.get('a')).value).toEqual({ text: `${text}, again` })
  }
})

timed('G1: a side entry is not stored after its main entry was removed', testbed, async ({ database }) => {
  const [one, two] = [await open('1'), await open('2')]
  for (const meanwhile of ['nothing', 'a new entry', 'an entry of its own'] as const) {
    await one.cache.invalidate('a')
    await one.cache.get('a')
    const { reached, release } = database.holdNextRead()
    const slow = two.cache.get('a')
    await reached
    await one.cache.write('a', () => database.write('a', meanwhile))
    if (meanwhile === 'a new entry') await one.cache.get('a')
    const other = await open('2')
    if (meanwhile === 'an entry of its own') await other.cache.get('a')
    release()
    expect((await slow).status.stored).toBeUndefined()
    for (const { cache } of [two, other, one])
      expect((await cache.get('a')).value, meanwhile).toEqual({ text: meanwhile })
  }
})

timed(
  'G3: callers that wait for the load of another schema make one load together',
  testbed,
  async ({ database }) => {
    const [one, two] = [await open('1'), await open('2')]
    const { reached, release } = database.holdNextRead()
    const first = one.cache.get('a')
    await reached
    const others = Array.from({ length: 10 }, () => two.cache.get('a'))
    setTimeout(release, 30)
    await first
    for (const { value } of await Promise.all(others)) expect(value).toEqual({ text: 'old' })
    expect([one.loads(), two.loads()]).toEqual([1, 1])
    expect((await one.cache.get('a')).status.hit).toBe(true)
    expect((await two.cache.get('a')).status.hit).toBe(true)
  },
)

timed('G8: a reader of any schema replaces a stale entry', testbed, async () => {
  const options = { ttl: 100, jitter: 0 }
  const [one, two] = [await open('1', options), await open('2', options)]
  const end = performance.now() + 2000
  let hits = 0
  let asked = 0
  while (performance.now() < end) {
    for (const { cache } of [one, two]) {
      asked++
      if ((await cache.get('a')).status.hit) hits++
    }
  }
  // One load for each 100 ms and schema, and one more if the main entry of a side entry was replaced.
  expect(one.loads() + two.loads()).toBeLessThan(2 * 2 * 20 + 4)
  expect(hits / asked).toBeGreaterThan(0.8)
})

timed(
  'G6: a reader whose load fails does not remove the stale entry of another schema',
  testbed,
  async () => {
    const options = { ttl: 200, jitter: 0, staleIfError: 60_000 }
    const [one, two] = [await open('1', options), await open('2', options)]
    await one.cache.get('a')
    await sleep(300)
    testbed.database.failure = new Error('The database is away')
    await expect(two.cache.get('a')).rejects.toMatchObject({ name: 'LoadFailed' })
    // Longer than the mark of the failed load stays.
    await sleep(300)
    expect(await one.cache.get('a')).toMatchObject({
      value: { text: 'old' },
      status: { detail: 'load-failed' },
    })
    testbed.database.failure = undefined
    await sleep(300)
    expect((await two.cache.get('a')).status).toMatchObject({ stored: true })
  },
)

timed('G3: a stale entry is served while a reader of another schema loads', testbed, async ({ database }) => {
  const options = { ttl: 200, jitter: 0, staleWhileRevalidate: 60_000 }
  const [one, two] = [await open('1', options), await open('2', options)]
  await one.cache.get('a')
  await sleep(300)
  const { reached, release } = database.holdNextRead()
  const loading = two.cache.get('a')
  await reached
  const begun = performance.now()
  expect((await one.cache.get('a')).status).toMatchObject({ fwd: 'stale', collapsed: true })
  expect(performance.now() - begun).toBeLessThan(100)
  release()
  expect((await loading).status.stored).toBe(true)
})
