import { Redis } from 'ioredis'
import type { Address } from './address.ts'
import { failWaiting } from './internals.ts'
import type { Settings } from './settings.ts'
import { addUrlHint } from './urlHint.ts'

/** Creates a client for a single server. */
export function connectSingleServer(
  { host, port, db, tls }: Address,
  { options, backoff, attach }: Settings,
): Redis {
  const redis = new Redis({
    ...options,
    host,
    port,
    db,
    lazyConnect: true,
    // A command whose connection was lost is sent again on the next connection; see `failWithoutServer` if there is
    // none.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => backoff.delay(attempt),
    reconnectOnError: createReplicaCheck(tls),
  })
  backoff.watch(redis, 'error')
  failWithoutServer(redis, tls)
  attach(redis)
  return redis
}

/**
 * Fails the waiting commands if no connection can be made, or if a connection closes after it has received only the
 * greeting. They fail with the last error: a command does not wait for a server that may return.
 */
function failWithoutServer(redis: Redis, tls: boolean): void {
  let cause: Error | undefined
  /** The bytes that the connection had received when it was ready; infinite before. */
  let greetingBytes = Number.POSITIVE_INFINITY
  redis.on('error', (error: Error) => {
    addUrlHint(error, tls)
    cause = error
  })
  redis.on('ready', () => {
    greetingBytes = redis.stream.bytesRead
    cause = undefined
  })
  redis.on('close', () => {
    const { bytesRead = 0 } = redis.stream ?? {}
    if (bytesRead <= greetingBytes)
      failWaiting(redis, cause ?? new Error('Redis closed the connection without a reply'))
    greetingBytes = Number.POSITIVE_INFINITY
  })
}

/** The least time between two reconnects because a server refuses writes, in ms. */
const reconnectEvery = 1_000

/**
 * Creates ioredis' `reconnectOnError`, which receives each error reply and says whether the client reconnects.
 *
 * After a failover the address leads to another server, but an open connection stays with the old one, which is now a
 * replica. Its entries must not be read, and it accepts no removals. So the client reconnects. If the new connection
 * leads to a replica as well, it reconnects at most once a second.
 */
function createReplicaCheck(tls: boolean): (error: Error) => boolean {
  let reconnectedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    addUrlHint(error, tls)
    const now = performance.now()
    if (!/\bREADONLY\b/.test(error.message) || now < reconnectedAt + reconnectEvery) return false
    reconnectedAt = now
    return true
  }
}
