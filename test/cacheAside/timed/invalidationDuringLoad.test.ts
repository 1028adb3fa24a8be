import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

/** Starts a load of `id` that has read the database, but does not return before `release`. */
async function startHeldLoad(id: string) {
  const { database } = testbed
  const { cache } = await testbed.open()
  const other = (await testbed.open()).cache
  await database.write(id, 'old')
  await cache.get(id)
  const { version } = await other.write(id, () => database.write(id, 'new'))
  const { reached, release } = database.holdNextRead()
  const read = cache.get(id)
  await reached
  return { cache, other, version, read, release }
}

timed('G1: the event of a write that the load has already seen does not end its lease', testbed, async () => {
  const { cache, other, version, read, release } = await startHeldLoad('a')
  expect(await other.invalidate('a', { version })).toBe('done')
  release()
  expect(await read).toMatchObject({ value: { text: 'new' }, status: { fwd: 'uri-miss', stored: true } })
  expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})

timed('G1: several events of older writes do not end the lease', testbed, async () => {
  const { other, version, read, release } = await startHeldLoad('b')
  for (const event of [version - 1, version, version - 1])
    expect(await other.invalidate('b', { version: event })).toBe('done')
  release()
  expect((await read).status.stored).toBe(true)
})

timed(
  'G1: after the event of a newer write the fill is refused, in whatever order the events come',
  testbed,
  async () => {
    for (const [id, events] of Object.entries({ c: [1], d: [1, 0], e: [0, 1] })) {
      const { cache, other, version, read, release } = await startHeldLoad(id)
      await testbed.database.write(id, 'newest')
      for (const event of events)
        expect(await other.invalidate(id, { version: version + event })).toBe('done')
      release()
      expect((await read).status.stored).toBeUndefined()
      expect(await cache.get(id)).toMatchObject({ value: { text: 'newest' }, status: { stored: true } })
    }
  },
)

timed('G1: a removal without a version ends the lease, before or after an event', testbed, async () => {
  for (const [id, steps] of Object.entries({
    f: ['event', 'removal'],
    g: ['removal', 'event'],
    h: ['removal'],
  })) {
    const { cache, other, version, read, release } = await startHeldLoad(id)
    for (const step of steps) await other.invalidate(id, step === 'event' ? { version } : {})
    release()
    expect((await read).status.stored).toBeUndefined()
    expect(await cache.get(id)).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
  }
})

timed(
  'G1: the event of a write removes a stale entry, but not the lease of the load that refreshes it',
  testbed,
  async ({ database }) => {
    const { cache } = await testbed.open({ ttl: 200, jitter: 0, staleWhileRevalidate: 60_000 })
    const other = (await testbed.open()).cache
    await database.write('i', 'old')
    await cache.get('i')
    await new Promise((resolve) => setTimeout(resolve, 220))
    const { version } = await database.write('i', 'new')
    const { reached, release } = database.holdNextRead()
    const refresh = cache.get('i')
    await reached
    // The stale entry is removed. The refresh has seen this write, so it is stored.
    expect(await other.invalidate('i', { version })).toBe('done')
    const meanwhile = other.get('i')
    release()
    expect((await refresh).status.stored).toBe(true)
    expect(await meanwhile).toMatchObject({ value: { text: 'new' } })
    expect(await cache.get('i')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed(
  'G2: a caller that begins after the event of a newer write does not join the older load',
  testbed,
  async ({ database }) => {
    const { cache, other, version, read, release } = await startHeldLoad('j')
    await database.write('j', 'newest')
    await other.invalidate('j', { version: version + 1 })
    const late = cache.get('j')
    release()
    await read
    expect(await late).toMatchObject({ value: { text: 'newest' } })
  },
)
