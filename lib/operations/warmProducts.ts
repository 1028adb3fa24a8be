import { setTimeout as sleep } from 'node:timers/promises'
import type { CacheAside } from '../cacheAside/index.ts'
import type { openCatalog } from '../catalog/index.ts'
import { keepTop, mostKept, readKeptTop } from '../catalog/keptMostRead.ts'

/** What a warming did, in entries: each product has two, its own and its page. */
export interface Warming {
  filled: number
  /** Found fresh, and left alone. */
  fresh: number
  failed: number
  /** Not come to before the time was over, or Redis or the database was away. */
  left: number
}

export interface WarmingOptions {
  /** Filled first. */
  ids?: readonly string[]
  /** How many of the most read products. */
  top?: number
  /** The most that DynamoDB is asked for in a second: a product counts one, a page {@link requestsOfPage}. */
  perSecond?: number
  /** When to stop, by performance.now(). */
  deadline?: number
}

/** Products that are asked for at once: fewer than the loads that a cache allows itself at a time. */
const batch = 25

/** What a page asks DynamoDB for, see ../catalog/page.ts. */
const requestsOfPage = 5

/**
 * Fills what is not fresh of the most read products and of given ones, with their pages, no faster than the database is
 * to be asked. Never throws for a product that cannot be loaded.
 *
 * @throws what Redis or the SDK throws where the list of the most read products cannot be read
 */
export async function warmProducts(
  { db, table, products, pages, topProducts }: ReturnType<typeof openCatalog>,
  { ids = [], top = 500, perSecond = 200, deadline = Number.POSITIVE_INFINITY }: WarmingOptions = {},
): Promise<Warming> {
  const popular = top > 0 ? (await mostRead({ db, table, topProducts })).slice(0, top) : []
  const all = [...new Set([...ids, ...popular])]
  const warming: Warming = { filled: 0, fresh: 0, failed: 0, left: 2 * all.length }
  /** Batches in a row of which nothing was loaded. */
  let failures = 0
  // All products before the first page: a few requests bring them all, while readers ask for them.
  const rounds: [Pick<CacheAside<unknown>, 'warm'>, number][] = [
    [products, 1],
    [pages, requestsOfPage],
  ]
  for (const [cache, cost] of rounds) {
    const size = Math.max(1, Math.min(batch, Math.floor(perSecond / 4 / cost)))
    for (let at = 0; at < all.length; at += size) {
      const some = all.slice(at, at + size)
      if (performance.now() >= deadline) return warming
      const begun = performance.now()
      const { filled, fresh, failed } = await cache.warm(some)
      warming.filled += filled
      warming.fresh += fresh
      warming.failed += failed.length
      warming.left -= some.length
      failures = failed.length === some.length ? failures + 1 : 0
      // Redis or the database is away, and would not be helped by more of this.
      if (failures === 2) return warming
      if (failures > 0) await sleep(Math.max(0, Math.min(1_000, deadline - performance.now())))
      // What was loaded may have been too much for the time it took.
      const due = begun + ((cost * (filled + failed.length)) / perSecond) * 1000
      await sleep(Math.max(0, Math.min(due, deadline) - performance.now()))
    }
  }
  return warming
}

/** What Redis counted of late, then what was kept of earlier lists; and keeps that. */
async function mostRead({
  db,
  table,
  topProducts,
}: Pick<ReturnType<typeof openCatalog>, 'db' | 'table' | 'topProducts'>): Promise<string[]> {
  const [counted, kept] = await Promise.all([topProducts.top(mostKept), readKeptTop(db, table)])
  const all = [...new Set([...counted, ...kept])].slice(0, mostKept)
  if (all.join() !== kept.join()) await keepTop(db, table, all)
  return all
}
