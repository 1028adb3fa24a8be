import type { EntryState } from '../cacheAside/index.ts'
import type { EntryKind, Upkeep } from '../catalog/upkeep.ts'
import { type Audit, audit } from './audit.ts'
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
  | { action: 'invalidate'; removed: string[]; deferred: string[] }
  | ({ action: 'warm' } & WarmResult)
  | ({ action: 'audit' } & Audit)

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
      const removed: string[] = []
      const deferred: string[] = []
      for (const id of ids) {
        const invalidation = await catalog.remove(id)
        ;(invalidation === 'done' ? removed : deferred).push(id)
      }
      return { action, removed, deferred }
    }
    case 'warm': {
      // Named ids are warmed alone, unless the operation asks for the most-read products, too.
      const { top = ids.length > 0 ? 0 : undefined } = parseWarmOptions(operation)
      return {
        action,
        ...(await warm(catalog, { ids, ...(top !== undefined && { top }), deadline })),
      }
    }
    case 'audit': {
      return { action, ...(await audit(catalog, { ...(ids.length > 0 && { ids }), deadline })) }
    }
  }
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
