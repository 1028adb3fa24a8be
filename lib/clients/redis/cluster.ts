import { Cluster, ReplyError } from 'ioredis'
import type { Address } from './address.ts'
import { explain } from './explain.ts'
import { failWaiting, lastNodeError } from './internals.ts'
import { type Settings, unrefReconnect } from './settings.ts'

/**
 * A client for a cluster. It learns from the node at the address which others there are; on ElastiCache Serverless, where
 * the address stands for all of them, it is told the same address again.
 */
export function connectCluster(
  { host, port, tls }: Address,
  { options, refusals, trouble, onNode }: Settings,
): Cluster {
  const cluster = new Cluster([{ host, port }], {
    // A command under way is sent again by the one new connection that a node is given, see below.
    redisOptions: { ...options, maxRetriesPerRequest: 1 },
    lazyConnect: true,
    // Names stay names: the certificate is for them, not for their addresses.
    dnsLookup: (name, callback) => callback(null, name),
    clusterRetryStrategy: (attempt) => refusals.pause(attempt),
    // A sandbox that thaws finds its connections closed, by nodes that are there all the same. One that cannot be
    // connected to again is forgotten, and another one is asked who has taken its place.
    clusterNodeRetryStrategy: (attempt) => (attempt === 1 ? 5 : null),
    // One round trip less before the first command. A cluster that is down says so to that command.
    enableReadyCheck: false,
    scaleReads: 'master',
    slotsRefreshTimeout: 1000,
    // Between looking for the node that has taken over and sending a command again, while its caller still waits.
    retryDelayOnFailover: 10,
  })
  cluster.on('+node', onNode)
  // A replica may still hold what was removed, and with no master left the client would read one. So it begins anew.
  cluster.on('-node', () => {
    if (cluster.status === 'ready' && cluster.nodes('master').length === 0) cluster.disconnect(true)
  })
  refusals.watch(cluster, 'node error')
  // No node answers. The commands that wait would do so until one does; the database answers instead. They are told what
  // was wrong with the node that was asked last: it could not be connected to, or answered with an error.
  cluster.on('error', (error: Error) => {
    const ofNode = lastNodeError(error)
    const why = (ofNode instanceof ReplyError ? ofNode : trouble.last) ?? ofNode ?? error
    explain(why, tls)
    error.message += ` ${why.message}`
    failWaiting(cluster, why)
  })
  unrefReconnect(cluster)
  return cluster
}
