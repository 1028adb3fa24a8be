import { Cluster, Redis } from 'ioredis'
import { type Open, parseRedisUrl } from '../support/contender.ts'
import { openBareGet } from './bare.ts'

/** The bare GET with ioredis' own auto-pipelining, which sends the commands of many callers together. */
export const open: Open = async (options) => {
  const { isCluster, host, port, db } = parseRedisUrl(options.redisUrl)
  const redis = isCluster
    ? new Cluster([{ host, port }], { enableAutoPipelining: true })
    : new Redis({ host, port, db, enableAutoPipelining: true })
  redis.on('error', () => {})
  return openBareGet(redis, options)
}
