import type { Context } from './context.ts'
import { heardWithin } from './guards/attention.ts'

/** For how many ids what is owed is delivered at once. */
const deliveredAtOnce = 1_000

/**
 * Delivers what is owed, now that a shard accepts writes again: a process may never come to read those keys. What fails stays
 * owed.
 *
 * @param ms how long that may take
 */
export async function deliver<V>({ owed, shards }: Context<V>, ms: number): Promise<void> {
  const going: Promise<void>[] = []
  for (const key of owed.keys()) {
    if (!shards.of(key).isOpen) going.push(owed.deliver(key))
    if (going.length === deliveredAtOnce) break
  }
  await heardWithin(ms, Promise.allSettled(going)).catch(() => {})
  shards.look(performance.now())
}
