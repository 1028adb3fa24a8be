import type { Cluster, Redis } from 'ioredis'
import { parseAddress } from './address.ts'
import { connectCluster } from './cluster.ts'
import { type IamAccess, iamAccess } from './iam.ts'
import { connectNode } from './node.ts'
import { settingsFor } from './settings.ts'

/**
 * A client for the cache. It connects with its first command, and fails within milliseconds where nobody listens.
 *
 * An idle connection does not keep the process alive, so that `serverless invoke local` can end; a command that is
 * under way is waited for by lib/cacheAside. Where the server has closed the connection, as it does while a sandbox is
 * frozen, the next command waits for a new one and does not fail. Where none can be made, commands fail with the reason.
 *
 * @param url `redis://127.0.0.1:6379` for a single server, `redis-cluster://127.0.0.1:6379` for a cluster by any of its
 *   nodes; `rediss:` and `rediss-cluster:` for TLS; `rediss://user:password@…` to authenticate
 * @param iam to authenticate to ElastiCache by a role instead of a password; the URL names the cache's user
 * @throws {Error} for a URL of another kind, and for IAM without TLS or without a user
 */
export function connectCache(url: string, iam?: IamAccess): Redis | Cluster {
  const address = parseAddress(url)
  if (iam && !(address.tls && address.username)) {
    throw new Error(
      'With REDIS_IAM, REDIS_URL must use TLS and name the user of the cache, as in rediss-cluster://aisle@host:6379',
    )
  }
  const settings = settingsFor(address, iam && iamAccess(address.username, iam))
  return address.isCluster ? connectCluster(address, settings) : connectNode(address, settings)
}

/**
 * {@link connectCache} for a single server, by a password or none.
 *
 * @throws {Error} also for the URL of a cluster
 */
export function connectRedis(url: string): Redis {
  const address = parseAddress(url)
  if (address.isCluster) throw new Error('This needs a single Redis: redis://host:port or rediss://host:port')
  return connectNode(address, settingsFor(address))
}
