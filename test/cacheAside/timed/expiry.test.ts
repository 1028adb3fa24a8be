import { expect } from 'vitest'
import { logOf, startFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(3)
const life = 500

/** Many read one key for some seconds. @returns when its loads had read, ms */
async function readHotKey(cache: string, id: string): Promise<number[]> {
  await fleet.behave({ slowMs: 60 })
  await Promise.all(
    fleet.processes.map((each) => each.call('watch', { cache, ids: [id], ms: 3200, everyMs: 3 })),
  )
  return told(fleet.processes, 'load', id)
    .map(({ at }) => at)
    .sort((a, b) => a - b)
}

async function expectOneLoadForEachExpiry(loads: number[]) {
  const fills = (await logOf(fleet.processes)).filter((event) => event.type === 'fill')
  // One load at a time, and nothing of it in vain.
  expect(fills.filter(({ stored }) => !stored)).toEqual([])
  for (let n = 1; n < loads.length; n++)
    expect((loads[n] ?? 0) - (loads[n - 1] ?? 0)).toBeGreaterThan(0.8 * life)
  expect(loads.length).toBeGreaterThanOrEqual(4)
}

timed(
  'G3: a hot key that is never served stale is loaded once for each time that it expires',
  fleet,
  async () => {
    await fleet.open({ cache: 'hot', options: { ttl: life, jitter: 0 } })
    await fleet.texts.write('a', 'x')
    await expectOneLoadForEachExpiry(await readHotKey('hot', 'a'))
  },
)

timed('G3: so is one of which the cache knows that it does not exist', fleet, async () => {
  await fleet.open({ cache: 'none', options: { negativeTtl: life } })
  await expectOneLoadForEachExpiry(await readHotKey('none', 'nobody'))
})

timed('G3: so is one that is served stale while it is loaded', fleet, async () => {
  await fleet.open({ cache: 'stale', options: { ttl: life, jitter: 0, staleWhileRevalidate: 60_000 } })
  await fleet.texts.write('a', 'x')
  await expectOneLoadForEachExpiry(await readHotKey('stale', 'a'))
})
