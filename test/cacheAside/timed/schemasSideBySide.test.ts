import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace({ texts: { a: 'old', b: 'old' } })

/** What loads and removals a schema's reader causes; each is a process of its own to the cache. */
async function open(schema: string, options: Parameters<typeof place.open>[0] = {}) {
  let loads = 0
  const { database } = place
  const opened = await place.open({
    schema,
    load: (id) => {
      loads++
      return database.read(id)
    },
    ...options,
  })
  return { ...opened, loads: () => loads }
}

timed('G8: two schemas of a hot id do not evict each other', place, async () => {
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

timed('G8: so it is in lists', place, async () => {
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

timed('G8: a removal of the one ends both', place, async ({ database }) => {
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

timed('G1: what was loaded beside an entry is not stored once that is gone', place, async ({ database }) => {
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
  'G3: callers of one schema who wait for the load of another load once, together',
  place,
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

timed('G8: what has become stale is replaced by whoever comes first', place, async () => {
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
  // Once for each 100 ms, and a second time where the one beside which it lay was replaced.
  expect(one.loads() + two.loads()).toBeLessThan(2 * 2 * 20 + 4)
  expect(hits / asked).toBeGreaterThan(0.8)
})

timed('G6: where loading fails, a reader of another schema takes no stale entry away', place, async () => {
  const options = { ttl: 200, jitter: 0, staleIfError: 60_000 }
  const [one, two] = [await open('1', options), await open('2', options)]
  await one.cache.get('a')
  await sleep(300)
  place.database.failure = new Error('The database is away')
  await expect(two.cache.get('a')).rejects.toMatchObject({ name: 'LoadFailed' })
  // Longer than the mark of the failed load.
  await sleep(300)
  expect(await one.cache.get('a')).toMatchObject({
    value: { text: 'old' },
    status: { detail: 'load-failed' },
  })
  place.database.failure = undefined
  await sleep(300)
  expect((await two.cache.get('a')).status).toMatchObject({ stored: true })
})

timed(
  'G3: nor does one that loads: what has aged out is served at once meanwhile',
  place,
  async ({ database }) => {
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
  },
)
