import { Cluster, type Redis } from 'ioredis'
import { connectCache } from '../../lib/clients/redis/index.ts'

/** Creates a client for a single server, as {@link connectCache}. @throws {Error} if the URL names a cluster */
export function connectRedis(url: string): Redis {
  const client = connectCache(url)
  if (!(client instanceof Cluster)) return client
  client.disconnect()
  throw new Error('This needs a single Redis: redis://host:port or rediss://host:port')
}
