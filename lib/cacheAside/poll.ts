import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { ask, isWrongType, type Reply } from './ask.ts'
import type { Call, Miss } from './call.ts'

/**
 * What stands at each key after a pause. A poll that another caller is about to send is shared: without that a hot id costs
 * Redis and this process one command for each caller that waits. None that was sent before is, so that no answer is
 * older than the call.
 *
 * @param pauseMs the longest pause; three quarters of it at the least, for those who wait do not all ask in step
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
    (_, place) => {
      next.replies ??= send(call, misses)
      return next.replies[place] as Promise<string | null>
    },
    { counts: false, isJudged: isFirst },
  )
  return replies.map((reply) => (isWrongType(reply) ? null : reply))
}

/** One command for all of them where it can be. */
function send<V>({ cache: { redis } }: Call<V>, misses: Miss<V>[]): Promise<string | null>[] {
  if (misses.length === 1 || redis instanceof Cluster) return misses.map(({ key }) => redis.get(key))
  const all = redis.mget(misses.map(({ key }) => key))
  return misses.map((_, place) => all.then((replies) => replies[place] ?? null))
}
