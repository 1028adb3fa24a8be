import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'
import { FailureReasons } from './failureReasons.ts'
import { createPace } from './pace.ts'

/** Named products that the database does not hold as readable products. A list without members is left out. */
export interface NotStored {
  /** Ids that the database does not know. */
  missing?: string[]
  /** Ids of deleted products: the database holds their tombstones. */
  deleted?: string[]
  /** Ids of products that cannot be read, because another program wrote them. A put of the whole product mends each. */
  unreadable?: string[]
  /** Ids that were not checked, because the database did not answer or the time had run out, and why. */
  unchecked?: { ids: string[]; reason: string }
}

export interface CheckOptions {
  /** When to stop, by performance.now(). */
  deadline?: number
  /** The most requests to DynamoDB in a second. @default 200 */
  perSecond?: number
}

const atOnce = 8
const readTimeoutMs = 2_000
const timeIsUp = 'The time has run out'

/**
 * Finds the named products that are not in the database. Reads each of them once. After the first read that fails it
 * starts no more, and reports what it has found: the cache can be corrected while the database is down. Never throws.
 */
export async function findNotStored(
  catalog: Pick<Upkeep, 'stored'>,
  ids: readonly string[],
  { deadline = Number.POSITIVE_INFINITY, perSecond = 200 }: CheckOptions = {},
): Promise<NotStored> {
  const missing: string[] = []
  const deleted: string[] = []
  const unreadable: string[] = []
  const unchecked = new Set(ids)
  const reasons = new FailureReasons()
  const stop = new AbortController()
  const waitForTurn = createPace(perSecond)
  const fail = (reason: unknown) => {
    reasons.add(reason)
    stop.abort()
  }
  await inParallel(ids, { atOnce, signal: stop.signal }, async (id) => {
    await waitForTurn()
    if (stop.signal.aborted) return
    const ms = Math.ceil(Math.min(readTimeoutMs, deadline - performance.now()))
    if (ms <= 0) return fail(timeIsUp)
    const signal = AbortSignal.timeout(ms)
    try {
      const stored = await catalog.stored(id, signal)
      unchecked.delete(id)
      if (!stored) missing.push(id)
      else if (stored.unreadable) unreadable.push(id)
      else if (stored.deleted) deleted.push(id)
    } catch (error) {
      const timeout = ms < readTimeoutMs ? timeIsUp : `The database did not answer within ${ms / 1000} s`
      fail(signal.aborted ? timeout : error)
    }
  })
  return {
    ...(missing.length > 0 && { missing }),
    ...(deleted.length > 0 && { deleted }),
    ...(unreadable.length > 0 && { unreadable }),
    ...(unchecked.size > 0 && { unchecked: { ids: [...unchecked], reason: reasons.all.join('; ') } }),
  }
}
