import { setTimeout as sleep } from 'node:timers/promises'
import { libraries, openContender } from '../support/contender.ts'
import { exactly, type Measure, type Rows } from '../support/measurement.ts'
import { withRedis } from '../support/servers.ts'
import { within } from '../support/timeout.ts'

const trials = 10

/**
 * Counts stale fills. A load reads the old value, then the value changes and its entry is removed, then the load returns.
 * The fill is stale if a later read gets the old value. The loading process removes the entry in ten trials, and another
 * process does in ten others.
 */
export const measure: Measure = (report) =>
  withRedis(async (redis) => {
    const rows: Rows = {}
    const stale: Record<string, number> = {}
    for (const [at, name] of ['aisle', ...libraries].entries()) {
      report(name)
      const same = await countStaleFills(name, `${redis.url}/${2 * at}`, false)
      const other = await countStaleFills(name, `${redis.url}/${2 * at + 1}`, true)
      stale[name] = same + other
      rows[name] = {
        'removed by the process itself': `${same} of ${trials}`,
        'removed by another process': `${other} of ${trials}`,
      }
    }
    return { rows, demands: { 'stale fills': exactly(0, stale.aisle ?? Number.NaN) } }
  })

/**
 * Returns how many of the trials leave the old value in the cache.
 *
 * @param byAnother whether a second instance with a client of its own removes the entry. It stands for another process
 */
async function countStaleFills(name: string, redisUrl: string, byAnother: boolean): Promise<number> {
  const database = new Map<string, string>()
  let hold: { reached: () => void; released: Promise<void> } | undefined
  const load = async (id: string) => {
    const value = { id, state: database.get(id) }
    const held = hold
    hold = undefined
    held?.reached()
    await held?.released
    return value
  }
  const open = () => openContender(name, { redisUrl, load, ttl: 3_600_000 })
  const reader = await open()
  const writer = byAnother ? await open() : reader
  let stale = 0
  try {
    for (let trial = 0; trial < trials; trial++) {
      const id = `t-${trial}`
      database.set(id, 'old')
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      hold = { reached: reached.resolve, released: released.promise }
      const slow = reader.text(id)
      await within(2_000, `the load of ${name}`, reached.promise)
      database.set(id, 'new')
      // A removal may wait for the load, so the load returns after 500 ms at the latest.
      const removal = writer.invalidate(id)
      await Promise.race([removal, sleep(500)])
      released.resolve()
      await within(5_000, `${name}, a load and a removal`, Promise.all([slow, removal]))
      await sleep(20)
      const later = await within(5_000, `${name}, the later read`, writer.text(id))
      if (later.includes('old')) stale++
    }
  } finally {
    await reader.close()
    if (byAnother) await writer.close()
  }
  return stale
}
