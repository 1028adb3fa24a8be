import { Redis } from 'ioredis'

/**
 * A client for the cache. It connects with its first command, and fails within milliseconds where nobody listens.
 *
 * An idle connection does not keep the process alive, so that `serverless invoke local` can end; a command that is
 * under way is waited for by lib/cacheAside.
 *
 * @param url such as `redis://127.0.0.1:6379`; `rediss:` for TLS
 */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 500,
    // A command is not kept for a better time: the database answers instead.
    maxRetriesPerRequest: 0,
    // A sandbox that thaws finds its connection closed, and waits for the next one with its first command.
    retryStrategy: (attempt) => Math.min(5 * attempt, 100),
    // Without it a server that accepts and stays silent is never left.
    socketTimeout: 1000,
    // Not needed: a server that still loads its data answers with an error, and the database answers instead.
    enableReadyCheck: false,
    disableClientInfo: true,
  })
  redis.on('connect', () => redis.stream.unref())
  // Nor does one that is to be made again: the timer has no public name.
  redis.on('reconnecting', () => (Reflect.get(redis, 'reconnectTimeout') as NodeJS.Timeout | null)?.unref())
  // Every failed command is reported by its caller; without a listener the client would print each failed connection.
  redis.on('error', () => {})
  return redis
}
