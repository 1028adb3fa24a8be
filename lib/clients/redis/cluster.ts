import { Cluster, ReplyError } from 'ioredis'
import type { Address } from './address.ts'
import { failWaiting, lastNodeError } from './internals.ts'
import { type Settings, unrefReconnect } from './settings.ts'
import { addUrlHint } from './urlHint.ts'

/**
 * Creates a client for a cluster. It asks the node at the address for the other nodes. On ElastiCache Serverless the
 * address stands for all nodes, and the node returns the same address again.
 */
export function connectCluster(
  { host, port, tls }: Address,
  { options, backoff, lastFailure, attach }: Settings,
): Cluster {
  const cluster = new Cluster([{ host, port }], {
    // A command under way is sent again on the one new connection that each node gets, see below.
    redisOptions: { ...options, maxRetriesPerRequest: 1 },
    lazyConnect: true,
    // Host names are not resolved here: the certificate is for the names, not for their addresses.
    dnsLookup: (name, callback) => callback(null, name),
    clusterRetryStrategy: (attempt) => backoff.delay(attempt),
    // A sandbox that thaws finds its connections closed, although the nodes are up. If a node cannot be reconnected,
    // the client forgets it and asks another node which one has taken its place.
    clusterNodeRetryStrategy: (attempt) => (attempt === 1 ? 5 : null),
    // Saves one round trip before the first command. A cluster that is down fails that command.
    enableReadyCheck: false,
    scaleReads: 'master',
    slotsRefreshTimeout: 1000,
    // The pause before the client looks for the new master and sends a command again, while its caller still waits.
    retryDelayOnFailover: 10,
  })
  cluster.on('+node', attach)
  // A replica may still hold an entry that was removed, and a client without a master would read from a replica. So
  // the client reconnects from scratch.
  cluster.on('-node', () => {
    if (cluster.status === 'ready' && cluster.nodes('master').length === 0) cluster.disconnect(true)
  })
  backoff.watch(cluster, 'node error')
  // No node responds. Without this listener, commands would wait until one does. They fail instead, so that the
  // database serves their callers. Their error is that of the node that was tried last: a failed connection, or an
  // error reply.
  cluster.on('error', (error: Error) => {
    const nodeError = lastNodeError(error)
    const cause = (nodeError instanceof ReplyError ? nodeError : lastFailure.error) ?? nodeError ?? error
    addUrlHint(cause, tls)
    error.message += ` ${cause.message}`
    failWaiting(cluster, cause)
  })
  unrefReconnect(cluster)
  return cluster
}
