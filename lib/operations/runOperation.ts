import type { EntryState } from '../cacheAside/index.ts'
import type { EntryKind, Upkeep } from '../catalog/upkeep.ts'
import { type Audit, audit } from './audit.ts'
import { findNotStored, type NotStored } from './findNotStored.ts'
import { type Operation, parseOperation, parseWarmOptions } from './operation.ts'
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
      return { action, products: await Promise.all(ids.map((id) => inspect(catalog, id))) }
    case 'invalidate': {
      const [removals, notStored] = await Promise.all([invalidate(catalog, ids), findNotStored(catalog, ids)])
      return { action, ...removals, ...notStored }
    }
    case 'warm': {
      const notStored = await findNotStored(catalog, ids)
      const { missing = [], deleted = [] } = notStored
      const stored = ids.filter((id) => !missing.includes(id) && !deleted.includes(id))
      // Named ids are warmed alone, unless the operation asks for the most-read products, too.
      const { top = ids.length > 0 ? 0 : undefined } = parseWarmOptions(operation)
      const options = { ids: stored, ...(top !== undefined && { top }), deadline }
      return { action, ...(await warm(catalog, options)), ...notStored }
    }
    case 'audit': {
      const options = { ...(ids.length > 0 && { ids }), deadline }
      return { action, ...(await audit(catalog, options)), ...(await findNotStored(catalog, ids)) }
    }
  }
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

function toDatabaseReport(stored: Awaited<ReturnType<Upkeep['stored']>>): ProductReport['database'] {
  if (!stored) return { state: 'nothing' }
  if (stored.unreadable) return { state: 'unreadable' }
  const { version, updatedAt } = stored
  return { state: stored.deleted ? 'deleted' : 'stored', version, updatedAt }
}
