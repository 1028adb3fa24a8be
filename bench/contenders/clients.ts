import KeyvRedis, { createKeyv } from '@keyv/redis'
import { Keyv } from 'cacheable'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { parseRedisUrl } from '../support/contender.ts'

/**
 * Connects ioredis with its default options, to a single server or a cluster.
 *
 * @param enrich changes the options of each connection
 */
export function connectIoredis(
  redisUrl: string,
  enrich = <T extends object>(options: T) => options,
): Redis | Cluster {
  const { isCluster, host, port, db } = parseRedisUrl(redisUrl)
  const redis = isCluster
    ? new Cluster([{ host, port }], { redisOptions: enrich({}) })
    : new Redis(enrich({ host, port, db }))
  redis.on('error', () => {})
  return redis
}

/** Returns the options that node-redis needs for a cluster; undefined for a single server. */
export function nodeClusterOptions(redisUrl: string) {
  const { isCluster, host, port } = parseRedisUrl(redisUrl)
  return isCluster ? { rootNodes: [{ url: `redis://${host}:${port}` }] } : undefined
}

/** Opens Keyv on node-redis. */
export function openKeyv(redisUrl: string): Keyv {
  const cluster = nodeClusterOptions(redisUrl)
  return cluster ? new Keyv(new KeyvRedis(cluster)) : createKeyv(redisUrl)
}

/** Connects node-redis to a cluster. */
export async function connectNodeCluster(options: NonNullable<ReturnType<typeof nodeClusterOptions>>) {
  const cluster = createCluster(options)
  cluster.on('error', () => {})
  await cluster.connect()
  return cluster
}
