import { expect } from 'vitest'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()

/** A load of `id` that has read, and does not return before `release`. */
async function heldLoad(id: string) {
  const { database } = place
  const { cache } = await place.open()
  const other = (await place.open()).cache
  await database.write(id, 'old')
  await cache.get(id)
  const { version } = await other.write(id, () => database.write(id, 'new'))
  const { reached, release } = database.holdNextRead()
  const read = cache.get(id)
  await reached
  return { cache, other, version, read, release }
}

timed('G1: the event of the write that a load has already seen leaves it its lease', place, async () => {
  const { cache, other, version, read, release } = await heldLoad('a')
  expect(await other.invalidate('a', { version })).toBe('done')
  release()
  expect(await read).toMatchObject({ value: { text: 'new' }, status: { fwd: 'uri-miss', stored: true } })
  expect(await cache.get('a')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
})

timed('G1: the event of an older write leaves it as well, and more than one of them', place, async () => {
  const { other, version, read, release } = await heldLoad('b')
  for (const event of [version - 1, version, version - 1])
    expect(await other.invalidate('b', { version: event })).toBe('done')
  release()
  expect((await read).status.stored).toBe(true)
})

timed(
  'G1: the event of a newer write refuses the fill, in whichever order the events come',
  place,
  async () => {
    for (const [id, events] of Object.entries({ c: [1], d: [1, 0], e: [0, 1] })) {
      const { cache, other, version, read, release } = await heldLoad(id)
      await place.database.write(id, 'newest')
      for (const event of events)
        expect(await other.invalidate(id, { version: version + event })).toBe('done')
      release()
      expect((await read).status.stored).toBeUndefined()
      expect(await cache.get(id)).toMatchObject({ value: { text: 'newest' }, status: { stored: true } })
    }
  },
)

timed('G1: a removal without a version takes the lease, before and after an event', place, async () => {
  for (const [id, steps] of Object.entries({
    f: ['event', 'removal'],
    g: ['removal', 'event'],
    h: ['removal'],
  })) {
    const { cache, other, version, read, release } = await heldLoad(id)
    for (const step of steps) await other.invalidate(id, step === 'event' ? { version } : {})
    release()
    expect((await read).status.stored).toBeUndefined()
    expect(await cache.get(id)).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
  }
})

timed(
  'G1: so does the event of a write that finds a stale entry which is being loaded anew',
  place,
  async ({ database }) => {
    const { cache } = await place.open({ ttl: 200, jitter: 0, staleWhileRevalidate: 60_000 })
    const other = (await place.open()).cache
    await database.write('i', 'old')
    await cache.get('i')
    await new Promise((resolve) => setTimeout(resolve, 220))
    const { version } = await database.write('i', 'new')
    const { reached, release } = database.holdNextRead()
    const refresh = cache.get('i')
    await reached
    // The stale entry goes; the refresh has seen this write and is stored.
    expect(await other.invalidate('i', { version })).toBe('done')
    const meanwhile = other.get('i')
    release()
    expect((await refresh).status.stored).toBe(true)
    expect(await meanwhile).toMatchObject({ value: { text: 'new' } })
    expect(await cache.get('i')).toMatchObject({ value: { text: 'new' }, status: { hit: true } })
  },
)

timed(
  'G2: a caller that begins after the event of a newer write does not join the load before it',
  place,
  async ({ database }) => {
    const { cache, other, version, read, release } = await heldLoad('j')
    await database.write('j', 'newest')
    await other.invalidate('j', { version: version + 1 })
    const late = cache.get('j')
    release()
    await read
    expect(await late).toMatchObject({ value: { text: 'newest' } })
  },
)
