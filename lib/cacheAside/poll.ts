import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { ask, type Reply } from './ask.ts'
import type { Call, Miss } from './call.ts'
import { isWrongType } from './redis/errors.ts'

/**
 * Reads what each key holds, after a pause. Callers share a poll that is not sent yet; otherwise a hot id
 * would cost Redis and this process one command for each caller that waits. A poll that was already sent is
 * not shared, so that no reply is older than the call.
 *
 * @param pauseMs the longest pause; the shortest is three quarters of it, so that processes do not poll in
 *   step
 */
export async function poll<V>(
  call: Call<V>,
  misses: Miss<V>[],
  pauseMs: number,
): Promise<Reply<string | null>[]> {
  const { polls } = call.cache
  const name = misses.map(({ key }) => key).join('\n')
  const now = performance.now()
  let next = polls.get(name)
  if (!next || next.at > now + pauseMs) {
    const ms = pauseMs * (0.75 + Math.random() / 4)
    next = { at: now + ms, due: sleep(ms) }
    polls.set(name, next)
  }
  await next.due
  const isFirst = !next.replies
  if (polls.get(name) === next) polls.delete(name)
  const replies = await ask(
    call,
    misses,
    (_, index) => {
      next.replies ??= send(call, misses)
      return next.replies[index] as Promise<string | null>
    },
    { drawsOnBudget: false, countsForBreaker: isFirst },
  )
  return replies.map((reply) => (isWrongType(reply) ? null : reply))
}

/** Sends one command for all keys if that is possible, otherwise one for each key. */
function send<V>({ cache: { redis } }: Call<V>, misses: Miss<V>[]): Promise<string | null>[] {
  if (misses.length === 1 || redis instanceof Cluster) return misses.map(({ key }) => redis.get(key))
  const all = redis.mget(misses.map(({ key }) => key))
  return misses.map((_, index) => all.then((replies) => replies[index] ?? null))
}
