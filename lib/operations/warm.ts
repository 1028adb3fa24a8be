import { setTimeout as sleep } from 'node:timers/promises'
import type { Upkeep } from '../catalog/upkeep.ts'
import { FailureReasons } from './failureReasons.ts'

/** The result of a warm-up. Counts entries: each product has two, its own and its page. */
export interface WarmResult {
  filled: number
  /** Entries that were fresh already, or that another caller was filling. */
  fresh: number
  failed: number
  /** Entries that the warm-up did not reach, because the time had run out or Redis or the database was down. */
  left: number
  /** Why loads failed: a few of the reasons. */
  reasons: string[]
}

export interface WarmOptions {
  /** Products to fill first. */
  ids?: readonly string[]
  /** How many of the most-read products to fill. @default 500 */
  top?: number
  /** The most requests to DynamoDB in a second. A load costs the `requests` of its kind of entries. @default 200 */
  perSecond?: number
  /** When to stop, by performance.now(). */
  deadline?: number
}

/** The most products of one batch: fewer than the loads that a cache runs at the same time. */
const maxBatch = 25

/** The kinds of entries that are filled, the cheaper one first. The page contains the first reviews. */
const warmedKinds = ['product', 'page']

/**
 * Fills the entries of `ids` and of the most-read products, and those of their pages. Leaves fresh entries alone, and
 * sends no more than `perSecond` requests to the database. Does not throw if a product cannot be loaded.
 *
 * @throws errors of Redis or of the SDK if the most-read list cannot be read
 */
export async function warm(
  catalog: Pick<Upkeep, 'kinds' | 'updateMostRead'>,
  { ids = [], top = 500, perSecond = 200, deadline = Number.POSITIVE_INFINITY }: WarmOptions = {},
): Promise<WarmResult> {
  const popular = top > 0 ? (await catalog.updateMostRead()).slice(0, top) : []
  const all = [...new Set([...ids, ...popular])]
  const kinds = catalog.kinds.filter(({ name }) => warmedKinds.includes(name))
  const result: WarmResult = { filled: 0, fresh: 0, failed: 0, left: kinds.length * all.length, reasons: [] }
  const reasons = new FailureReasons()
  /** How many batches in a row loaded nothing. */
  let failedBatches = 0
  // All products come before the first page: a few requests load them all, and readers need them.
  for (const { warm, requests } of kinds) {
    const size = Math.max(1, Math.min(maxBatch, Math.floor(perSecond / 4 / requests)))
    for (let at = 0; at < all.length; at += size) {
      const batch = all.slice(at, at + size)
      if (performance.now() >= deadline) return result
      const startedAt = performance.now()
      const { filled, fresh, failed } = await warm(batch)
      result.filled += filled
      result.fresh += fresh
      result.failed += failed.length
      for (const { error } of failed) reasons.add(error)
      result.reasons = reasons.all
      result.left -= batch.length
      failedBatches = failed.length === batch.length ? failedBatches + 1 : 0
      // Redis or the database is down, and more loads would only add to the pressure.
      if (failedBatches === 2) return result
      if (failedBatches > 0) await sleep(Math.max(0, Math.min(1_000, deadline - performance.now())))
      // Wait if the loads of this batch were faster than the rate limit.
      const nextStartAt = startedAt + ((requests * (filled + failed.length)) / perSecond) * 1000
      await sleep(Math.max(0, Math.min(nextStartAt, deadline) - performance.now()))
    }
  }
  return result
}
