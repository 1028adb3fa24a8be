import { Redis } from 'ioredis'
import type { Address } from './address.ts'
import { explain } from './explain.ts'
import { failWaiting } from './internals.ts'
import type { Settings } from './settings.ts'

/** A client for a single server. */
export function connectNode(
  { host, port, db, tls }: Address,
  { options, refusals, onNode }: Settings,
): Redis {
  const redis = new Redis({
    ...options,
    host,
    port,
    db,
    lazyConnect: true,
    // A command whose connection was lost is sent again by the next one; see `tellFailures` for when there is none.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => refusals.pause(attempt),
    reconnectOnError: onRefusal(tls),
  })
  refusals.watch(redis, 'error')
  tellFailures(redis, tls)
  onNode(redis)
  return redis
}

/**
 * A command is not kept for a better time. Where no connection can be made, or one has answered nothing but the greeting,
 * those that wait are told what was wrong with it.
 */
function tellFailures(redis: Redis, tls: boolean): void {
  let why: Error | undefined
  /** How much a connection had read when it was ready; infinite before. */
  let greeting = Number.POSITIVE_INFINITY
  redis.on('error', (error: Error) => {
    explain(error, tls)
    why = error
  })
  redis.on('ready', () => {
    greeting = redis.stream.bytesRead
    why = undefined
  })
  redis.on('close', () => {
    const { bytesRead = 0 } = redis.stream ?? {}
    if (bytesRead <= greeting)
      failWaiting(redis, why ?? new Error('Redis closed the connection without an answer'))
    greeting = Number.POSITIVE_INFINITY
  })
}

/** Between two connections that are left because their server refuses writes, ms. */
const leaveAfter = 1_000

/**
 * Sees each error that the server answers with: says whether its connection is left.
 *
 * After a failover one address leads to another server, and a connection that was made before stays with the one that is
 * a replica now: nothing that it holds may be read, and no removal comes through. It is left for a new one; where that
 * leads to a replica as well, once in a second.
 */
function onRefusal(tls: boolean): (error: Error) => boolean {
  let leftAt = Number.NEGATIVE_INFINITY
  return (error) => {
    explain(error, tls)
    const now = performance.now()
    if (!/\bREADONLY\b/.test(error.message) || now < leftAt + leaveAfter) return false
    leftAt = now
    return true
  }
}
