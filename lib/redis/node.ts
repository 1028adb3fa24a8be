import { Redis } from 'ioredis'
import type { Address } from './address.ts'
import type { Settings } from './settings.ts'

/** A client for a single server. */
export function connectNode({ host, port, db }: Address, { options, refusals, onNode }: Settings): Redis {
  const redis = new Redis({
    ...options,
    host,
    port,
    db,
    lazyConnect: true,
    // A sandbox that thaws finds its connection closed, and waits for the next one with its first command.
    retryStrategy: (attempt) => refusals.pause(attempt),
    reconnectOnError: leaveReplicas(),
  })
  refusals.watch(redis, 'error')
  onNode(redis)
  return redis
}

/** Between two connections that are left because their server refuses writes, ms. */
const leaveAfter = 1_000

/**
 * After a failover one address leads to another server, and a connection that was made before stays with the one that is
 * a replica now: nothing that it holds may be read, and no removal comes through. It is left for a new one; where that
 * leads to a replica as well, once in a second.
 */
function leaveReplicas(): (error: Error) => boolean {
  let leftAt = Number.NEGATIVE_INFINITY
  return ({ message }) => {
    const now = performance.now()
    if (!/\bREADONLY\b/.test(message) || now < leftAt + leaveAfter) return false
    leftAt = now
    return true
  }
}
