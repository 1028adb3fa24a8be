import { setTimeout as sleep } from 'node:timers/promises'
import { libraries, openContender } from './contender.ts'
import { exactly, type Measure, within } from './measured.ts'
import { withRedis } from './servers.ts'

const trials = 10

/**
 * A load reads the old value; the value is changed and its entry removed; the load returns. Does a read after that
 * get the old value? With the removal by the process that loads, and by another one.
 */
export const measure: Measure = (say) =>
  withRedis(async (redis) => {
    const rows: Awaited<ReturnType<Measure>>['rows'] = {}
    const stale: Record<string, number> = {}
    for (const [at, name] of ['aisle', ...libraries].entries()) {
      say(name)
      const same = await staleFills(name, `${redis.url}/${2 * at}`, false)
      const other = await staleFills(name, `${redis.url}/${2 * at + 1}`, true)
      stale[name] = same + other
      rows[name] = {
        'removed by the process itself': `${same} of ${trials}`,
        'removed by another process': `${other} of ${trials}`,
      }
    }
    return { rows, demands: { 'stale fills': exactly(0, stale.aisle ?? Number.NaN) } }
  })

/** How many of the trials leave the old value. Another instance, with a client of its own, is what another process is. */
async function staleFills(name: string, redisUrl: string, byAnother: boolean): Promise<number> {
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
      // One that waits for the load is let on.
      const removal = writer.invalidate(id)
      await Promise.race([removal, sleep(500)])
      released.resolve()
      await within(5_000, `${name}, a load and a removal`, Promise.all([slow, removal]))
      await sleep(20)
      const later = await within(5_000, `${name}, the read after`, writer.text(id))
      if (later.includes('old')) stale++
    }
  } finally {
    await reader.close()
    if (byAnother) await writer.close()
  }
  return stale
}
