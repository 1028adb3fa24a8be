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
  })
  refusals.watch(redis, 'error')
  onNode(redis)
  return redis
}
