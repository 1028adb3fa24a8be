import { expect } from 'vitest'
import { cacheLog, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(3)
const ttl = 500

/** All processes read one key for some seconds. Returns the times of its loads in order, ms. */
async function readHotKey(cache: string, id: string): Promise<number[]> {
  await fleet.behave({ slowMs: 60 })
  await Promise.all(
    fleet.processes.map((each) => each.call('watch', { cache, ids: [id], ms: 3200, everyMs: 3 })),
  )
  return reported(fleet.processes, 'load', id)
    .map(({ at }) => at)
    .sort((a, b) => a - b)
}

async function expectOneLoadForEachExpiry(loads: number[]) {
  const fills = (await cacheLog(fleet.processes)).filter((event) => event.type === 'fill')
  // One load at a time, and every loaded value is stored.
  expect(fills.filter(({ stored }) => !stored)).toEqual([])
  for (let n = 1; n < loads.length; n++)
    expect((loads[n] ?? 0) - (loads[n - 1] ?? 0)).toBeGreaterThan(0.8 * ttl)
  expect(loads.length).toBeGreaterThanOrEqual(4)
}

timed('G3: a hot key that is never served stale is loaded once each time it expires', fleet, async () => {
  await fleet.open({ cache: 'hot', options: { ttl, jitter: 0 } })
  await fleet.texts.write('a', 'x')
  await expectOneLoadForEachExpiry(await readHotKey('hot', 'a'))
})

timed('G3: a hot key of an id that does not exist is loaded once each time it expires', fleet, async () => {
  await fleet.open({ cache: 'none', options: { negativeTtl: ttl } })
  await expectOneLoadForEachExpiry(await readHotKey('none', 'missing'))
})

timed(
  'G3: a hot key that is served stale while it is loaded is loaded once each time it expires',
  fleet,
  async () => {
    await fleet.open({ cache: 'stale', options: { ttl, jitter: 0, staleWhileRevalidate: 60_000 } })
    await fleet.texts.write('a', 'x')
    await expectOneLoadForEachExpiry(await readHotKey('stale', 'a'))
  },
)
