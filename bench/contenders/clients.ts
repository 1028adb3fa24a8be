import KeyvRedis, { createKeyv } from '@keyv/redis'
import { Keyv } from 'cacheable'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { addressOf } from '../cacheAside/contender.ts'

/** ioredis as it comes, by a URL of either kind. @param enrich changes the options of each connection */
export function ioredisOf(
  redisUrl: string,
  enrich = <T extends object>(options: T) => options,
): Redis | Cluster {
  const { isCluster, host, port, db } = addressOf(redisUrl)
  const redis = isCluster
    ? new Cluster([{ host, port }], { redisOptions: enrich({}) })
    : new Redis(enrich({ host, port, db }))
  redis.on('error', () => {})
  return redis
}

/** What node-redis calls for in a cluster; undefined for a single server. */
export function nodeClusterOf(redisUrl: string) {
  const { isCluster, host, port } = addressOf(redisUrl)
  return isCluster ? { rootNodes: [{ url: `redis://${host}:${port}` }] } : undefined
}

/** Keyv on node-redis. */
export function keyvOf(redisUrl: string): Keyv {
  const cluster = nodeClusterOf(redisUrl)
  return cluster ? new Keyv(new KeyvRedis(cluster)) : createKeyv(redisUrl)
}

/** A client of node-redis for a cluster. */
export async function openNodeCluster(options: NonNullable<ReturnType<typeof nodeClusterOf>>) {
  const cluster = createCluster(options)
  cluster.on('error', () => {})
  await cluster.connect()
  return cluster
}
