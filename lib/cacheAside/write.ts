import type { Context } from './context.ts'
import { invalidate } from './invalidate.ts'
import type { Invalidation, Keyed } from './types.ts'

/** Writes to the database first, then removes every entry of the id. */
export async function write<V, T extends object>(
  cache: Context<V>,
  id: string,
  commit: () => Promise<T>,
  { also = [], mayHaveCommitted = () => true }: { also?: Keyed[]; mayHaveCommitted?: () => boolean } = {},
): Promise<T & { invalidation: Invalidation }> {
  // Throws for an id that is not valid, before anything is written.
  cache.key(id)
  // If no command was sent yet, the connection is made while the database works.
  cache.shards.connect()
  let committed: T
  try {
    committed = await commit()
  } catch (error) {
    if (!mayHaveCommitted()) throw error
    // A commit that timed out may have happened.
    const invalidation = await invalidate(cache, id, undefined, also)
    attachInvalidation(error, invalidation)
    throw error
  }
  return { ...committed, invalidation: await invalidate(cache, id, undefined, also) }
}

/**
 * Adds the outcome of the removal to an error. An error that is frozen, or has a read-only member of that
 * name, is unchanged.
 */
function attachInvalidation(error: unknown, invalidation: Invalidation): void {
  try {
    if (error instanceof Object) Reflect.set(error, 'invalidation', invalidation)
  } catch {
    // A Proxy, or a setter, may throw.
  }
}
