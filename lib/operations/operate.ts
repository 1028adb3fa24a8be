import type { EntryState } from '../cacheAside/index.ts'
import type { EntryKind, Upkeep } from '../catalog/upkeep.ts'
import { type Audit, audit } from './audit.ts'
import { type Action, actions, type Operation, warmingOf } from './operation.ts'
import { type Warming, warm } from './warm.ts'

/** What stands in the cache for a product; durations in ms. */
export interface EntryReport {
  cache: EntryKind['name']
  state: EntryState
  version?: number
  age?: number
  ttl?: number
  expires?: number
  bytes?: number
}

/** A product in database and cache. */
export interface ProductReport {
  id: string
  /** `nothing`: there never was such a product, as far as the table remembers. */
  database: { state: 'stored' | 'deleted' | 'nothing'; version?: number; updatedAt?: string }
  entries: EntryReport[]
}

/** What an {@link Operation} did. */
export type OperationResult =
  | { action: 'inspect'; products: ProductReport[] }
  | { action: 'invalidate'; removed: string[]; deferred: string[] }
  | ({ action: 'warm' } & Warming)
  | ({ action: 'audit' } & Audit)

/**
 * Does what an operator asks for.
 *
 * @param deadline when to stop, by performance.now()
 * @throws {TypeError} for an action that does not exist; and what Redis or the SDK throws
 */
export async function operate(
  catalog: Upkeep,
  operation: Operation,
  deadline: number,
): Promise<OperationResult> {
  const { action, ids } = checked(operation)
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
      // Given ids alone, unless the most read ones are asked for as well.
      const { top = ids.length > 0 ? 0 : undefined } = warmingOf(operation)
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
      const { body: _, loadedAt: __, ...found } = await inspect(id)
      return { cache: name, ...found }
    }),
  ])
  const database = stored
    ? ({
        state: stored.deleted ? 'deleted' : 'stored',
        version: stored.version,
        updatedAt: stored.updatedAt,
      } as const)
    : ({ state: 'nothing' } as const)
  return { id, database, entries }
}

/** Takes nothing of an event for granted. */
function checked(operation: Operation | null | undefined): { action: Action; ids: string[] } {
  const action = actions.find((each) => each === operation?.action)
  if (!action) throw new TypeError(`An action is one of ${actions.join(', ')}`)
  const { ids = [] } = warmingOf(operation)
  if (ids.length === 0 && (action === 'inspect' || action === 'invalidate'))
    throw new TypeError(`To ${action} name at least one id`)
  return { action, ids: [...new Set(ids)] }
}
