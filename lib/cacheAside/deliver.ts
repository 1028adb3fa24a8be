import type { Context } from './context.ts'
import { replyWithin } from './guards/timeout.ts'

/** How many ids are delivered at a time. */
const idsAtATime = 1_000

/**
 * Delivers removals from the outbox, because a shard accepts writes again and this process may never read
 * those keys. A removal that fails stays in the outbox.
 *
 * @param limitMs how long this can take
 */
export async function deliver<V>({ outbox, shards }: Context<V>, limitMs: number): Promise<void> {
  const pending: Promise<void>[] = []
  for (const key of outbox.keys()) {
    if (!shards.of(key).isOpen) pending.push(outbox.deliver(key))
    if (pending.length === idsAtATime) break
  }
  await replyWithin(limitMs, Promise.allSettled(pending)).catch(() => {})
  shards.refreshHealth(performance.now())
}
