import { Cluster, Redis } from 'ioredis'
import { addressOf, type Open } from '../cacheAside/contender.ts'
import { bareGet } from './bare.ts'

/** The bare GET with ioredis' own way to send the commands of many callers together. */
export const open: Open = async (options) => {
  const { isCluster, host, port, db } = addressOf(options.redisUrl)
  const redis = isCluster
    ? new Cluster([{ host, port }], { enableAutoPipelining: true })
    : new Redis({ host, port, db, enableAutoPipelining: true })
  redis.on('error', () => {})
  return bareGet(redis, options)
}
