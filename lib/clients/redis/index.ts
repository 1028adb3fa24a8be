import type { Cluster, Redis } from 'ioredis'
import { parseAddress } from './address.ts'
import { connectCluster } from './cluster.ts'
import { createIamAuth, type IamOptions } from './iamAuth.ts'
import { createSettings } from './settings.ts'
import { connectSingleServer } from './singleServer.ts'

/**
 * Creates a client for the cache. It connects with its first command, and fails within milliseconds if no server
 * listens.
 *
 * An idle connection does not keep the process alive, so that `serverless invoke local` can end; lib/cacheAside waits
 * for commands under way. If the server has closed the connection, as it does while a sandbox is frozen, the next
 * command waits for a new one and does not fail. If no connection can be made, commands fail with the reason.
 *
 * @param url `redis://127.0.0.1:6379` for a single server, `redis-cluster://127.0.0.1:6379` for a cluster, by any of
 *   its nodes; `rediss:` and `rediss-cluster:` for TLS; `rediss://user:password@…` to authenticate
 * @param iam to authenticate to ElastiCache with a role instead of a password; the URL names the cache's user
 * @throws {Error} for any other URL, and for IAM without TLS or without a user
 */
export function connectCache(url: string, iam?: IamOptions): Redis | Cluster {
  const address = parseAddress(url)
  if (iam && !(address.tls && address.username)) {
    throw new Error(
      'With REDIS_IAM, REDIS_URL must use TLS and name the user of the cache, as in rediss-cluster://aisle@host:6379',
    )
  }
  const settings = createSettings(address, iam && createIamAuth(address.username, iam))
  return address.isCluster ? connectCluster(address, settings) : connectSingleServer(address, settings)
}
