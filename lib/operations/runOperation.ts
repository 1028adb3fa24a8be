import type { EntryState } from '../cacheAside/index.ts'
import type { EntryKind, Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'
import { type Audit, audit } from './audit.ts'
import { findNotStored, type NotStored } from './findNotStored.ts'
import { type Operation, parseOperation, parseWarmOptions } from './operation.ts'
import { createPace } from './pace.ts'
import { type WarmResult, warm } from './warm.ts'

/** The state of one of a product's entries in the cache. Durations are in ms. */
export interface EntryReport {
  cache: EntryKind['name']
  state: EntryState
  version?: number
  age?: number
  ttl?: number
  expires?: number
  bytes?: number
}

/** The state of a product in the database and in the cache. */
export interface ProductReport {
  id: string
  /** `nothing`: the table holds neither the product nor its tombstone. `unreadable`: it cannot be read. */
  database: { state: 'stored' | 'deleted' | 'unreadable' | 'nothing'; version?: number; updatedAt?: string }
  entries: EntryReport[]
}

/** The result of an {@link Operation}. */
export type OperationResult =
  | { action: 'inspect'; products: ProductReport[] }
  | ({ action: 'invalidate'; removed: string[]; deferred: string[] } & NotStored)
  | ({ action: 'warm' } & WarmResult & NotStored)
  | ({ action: 'audit' } & Audit & NotStored)

/**
 * Runs an operation on the cache.
 *
 * @param deadline when to stop, by performance.now()
 * @throws {TypeError} for an invalid operation; also throws errors of Redis and of the SDK
 */
export async function runOperation(
  catalog: Upkeep,
  operation: Operation,
  deadline: number,
): Promise<OperationResult> {
  const { action, ids } = parseOperation(operation)
  switch (action) {
    case 'inspect':
      return { action, products: await inspectAll(catalog, ids) }
    case 'invalidate': {
      const [removals, notStored] = await Promise.all([
        invalidate(catalog, ids),
        findNotStored(catalog, ids, { deadline }),
      ])
      return { action, ...removals, ...notStored }
    }
    case 'warm': {
      const notStored = await findNotStored(catalog, ids, { deadline })
      const { missing = [], deleted = [], unreadable = [] } = notStored
      const skipped = new Set([...missing, ...deleted, ...unreadable])
      const stored = ids.filter((id) => !skipped.has(id))
      // Named ids are warmed alone, unless the operation asks for the most-read products, too.
      const { top = ids.length > 0 ? 0 : undefined } = parseWarmOptions(operation)
      const options = { ids: stored, ...(top !== undefined && { top }), deadline }
      return { action, ...(await warm(catalog, options)), ...notStored }
    }
    case 'audit': {
      // The check comes first, because the comparisons may use up the time.
      const notStored = await findNotStored(catalog, ids, { deadline })
      const audited = await audit(catalog, { ...(ids.length > 0 && { ids }), deadline })
      const unreadable = [...new Set([...(notStored.unreadable ?? []), ...audited.unreadable])]
      return { action, ...audited, ...notStored, unreadable, unreadableItems: unreadable.length }
    }
  }
}

/** How many products are inspected at the same time, and how many in a second. Each is a request to the database. */
const [inspectedAtOnce, inspectedPerSecond] = [8, 200]

/** Inspects products. After the first failure it starts with no further product, and throws that failure. */
async function inspectAll(catalog: Upkeep, ids: string[]): Promise<ProductReport[]> {
  const waitForTurn = createPace(inspectedPerSecond)
  const stop = new AbortController()
  const reports = await inParallel(ids, { atOnce: inspectedAtOnce, signal: stop.signal }, async (id) => {
    await waitForTurn()
    try {
      return await inspect(catalog, id)
    } catch (error) {
      stop.abort()
      throw error
    }
  })
  return reports.filter((report) => report !== undefined)
}

/** Removes the entries of products one after the other. */
async function invalidate(
  catalog: Upkeep,
  ids: string[],
): Promise<{ removed: string[]; deferred: string[] }> {
  const removed: string[] = []
  const deferred: string[] = []
  for (const id of ids) {
    const invalidation = await catalog.remove(id)
    ;(invalidation === 'done' ? removed : deferred).push(id)
  }
  return { removed, deferred }
}

async function inspect(catalog: Upkeep, id: string): Promise<ProductReport> {
  const [stored, ...entries] = await Promise.all([
    catalog.stored(id),
    ...catalog.kinds.map(async ({ name, inspect }): Promise<EntryReport> => {
      const { body: _, loadedAt: __, ...entry } = await inspect(id)
      return { cache: name, ...entry }
    }),
  ])
  return { id, database: toDatabaseReport(stored), entries }
}

/** Reports the item that {@link Upkeep} `stored` has read. */
export function toDatabaseReport(stored: Awaited<ReturnType<Upkeep['stored']>>): ProductReport['database'] {
  if (!stored) return { state: 'nothing' }
  if (stored.unreadable) return { state: 'unreadable' }
  const { version, updatedAt } = stored
  return { state: stored.deleted ? 'deleted' : 'stored', version, updatedAt }
}
