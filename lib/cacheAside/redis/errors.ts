import { CacheTimeout } from '../guards/timeout.ts'

/** Returns the error among some replies that concerns the shard as a whole, if there is one. */
export function getShardFailure(replies: readonly unknown[]): Error | undefined {
  const first = replies.find((reply) => reply instanceof Error)
  if (!first) return undefined
  return (
    replies.filter((reply) => reply instanceof Error).find(refusesWrites) ??
    (replies.every(isShardFailure) ? first : undefined)
  )
}

/**
 * Whether a reply is an error of the shard. A wrong type concerns only the key, and a full shard still
 * answers.
 */
const isShardFailure = (reply: unknown): boolean =>
  reply instanceof Error && !isWrongType(reply) && !isFull(reply)

/** Whether the key holds another type. That is bad content, not a failure of Redis. */
export const isWrongType = (reply: unknown): boolean =>
  reply instanceof Error && reply.message.startsWith('WRONGTYPE')

const isFull = (reply: Error): boolean => /\bOOM\b/.test(reply.message)

/** Returns why a call bypasses Redis after this error. */
export const bypassAfter = (error: Error) => ({
  detail: error instanceof CacheTimeout ? 'redis-timeout' : 'redis-error',
  error,
})

/** Whether a single-server client asked a cluster. Every command then fails this way, and no pause helps. */
export const needsClusterClient = (error: unknown): boolean =>
  error instanceof Error && /^(MOVED|CROSSSLOT)\b/.test(error.message)

/**
 * Whether Redis serves reads but refuses removals, because of its state or its access list. A full Redis
 * (OOM) does not count, because a removal needs no memory.
 */
export const refusesWrites = (error: unknown): boolean =>
  error instanceof Error && /\b(READONLY|MISCONF|NOREPLICAS|NOPERM)\b/.test(error.message)
