import { setTimeout as sleep } from 'node:timers/promises'
import type { Upkeep } from '../catalog/upkeep.ts'
import { Reasons } from './job.ts'

/** What a warming did, in entries: each product has two, its own and its page. */
export interface Warming {
  filled: number
  /** Found fresh, and left alone. */
  fresh: number
  failed: number
  /** Not come to before the time was over, or Redis or the database was away. */
  left: number
  /** Why loads failed; a few of many. */
  reasons: string[]
}

export interface WarmingOptions {
  /** Filled first. */
  ids?: readonly string[]
  /** How many of the most read products. */
  top?: number
  /** The most that DynamoDB is asked for in a second: what a kind of entry counts is its `requests`. */
  perSecond?: number
  /** When to stop, by performance.now(). */
  deadline?: number
}

/** Products that are asked for at once: fewer than the loads that a cache allows itself at a time. */
const batch = 25

/** The kinds of entries that are filled, the cheaper one first. Of reviews the page shows the first ones. */
const filled = ['product', 'page']

/**
 * Fills what is not fresh of the most read products and of given ones, with their pages, no faster than the database is
 * to be asked. Never throws for a product that cannot be loaded.
 *
 * @throws what Redis or the SDK throws where the list of the most read products cannot be read
 */
export async function warm(
  catalog: Pick<Upkeep, 'kinds' | 'mostRead'>,
  { ids = [], top = 500, perSecond = 200, deadline = Number.POSITIVE_INFINITY }: WarmingOptions = {},
): Promise<Warming> {
  const popular = top > 0 ? (await catalog.mostRead()).slice(0, top) : []
  const all = [...new Set([...ids, ...popular])]
  const kinds = catalog.kinds.filter(({ name }) => filled.includes(name))
  const warming: Warming = { filled: 0, fresh: 0, failed: 0, left: kinds.length * all.length, reasons: [] }
  const reasons = new Reasons()
  /** Batches in a row of which nothing was loaded. */
  let failures = 0
  // All products before the first page: a few requests bring them all, while readers ask for them.
  for (const { warm, requests } of kinds) {
    const size = Math.max(1, Math.min(batch, Math.floor(perSecond / 4 / requests)))
    for (let at = 0; at < all.length; at += size) {
      const some = all.slice(at, at + size)
      if (performance.now() >= deadline) return warming
      const begun = performance.now()
      const { filled, fresh, failed } = await warm(some)
      warming.filled += filled
      warming.fresh += fresh
      warming.failed += failed.length
      for (const { error } of failed) reasons.add(error)
      warming.reasons = reasons.all
      warming.left -= some.length
      failures = failed.length === some.length ? failures + 1 : 0
      // Redis or the database is away, and would not be helped by more of this.
      if (failures === 2) return warming
      if (failures > 0) await sleep(Math.max(0, Math.min(1_000, deadline - performance.now())))
      // What was loaded may have been too much for the time it took.
      const due = begun + ((requests * (filled + failed.length)) / perSecond) * 1000
      await sleep(Math.max(0, Math.min(due, deadline) - performance.now()))
    }
  }
  return warming
}
