import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '../../lib/local/redisServer.ts'
import { freePort } from '../../lib/local/server.ts'
import { connectRedis } from '../../lib/redis.ts'
import { longestPauseMs } from './options.ts'

/** What befalls the Redis of a torture test. */
export const faults = ['kill', 'pause', 'demote', 'flush', 'evict', 'disconnect'] as const
export type Fault = (typeof faults)[number]

/** A Redis that can be harmed. It keeps nothing on disk: killed, it comes back empty. */
export async function startVictim(binary: string, random: () => number) {
  // Not one of the ports that the system hands out: while the server is away, a client that tries to reach it could be
  // given that very port for its own end, and talk to itself.
  const port = await freePort(10_000 + Math.floor(Math.random() * 20_000))
  const start = () => startRedis({ binary, port, detached: true })
  let server = await start()
  const { url } = server
  const redis = connectRedis(url)
  // It may not be back yet from the last fault; then this one is none.
  const busy = () => {}
  const harm: Record<Fault, () => Promise<unknown>> = {
    async kill() {
      await server.stop('SIGKILL')
      await sleep(100 + random() * 500)
      server = await start()
    },
    async pause() {
      server.process.kill('SIGSTOP')
      await sleep(longestPauseMs * (0.25 + 0.75 * random()))
      server.process.kill('SIGCONT')
    },
    /** As a master that lost a failover: it still answers, refuses every removal, and comes back with all it held. */
    async demote() {
      await redis.replicaof('127.0.0.1', 1).catch(busy)
      await sleep(random() * 300)
      await redis.replicaof('NO', 'ONE')
    },
    flush: () => redis.flushall().catch(busy),
    /** Any one key, be it an entry or a lease. */
    async evict() {
      const key = await redis.randomkey().catch(busy)
      if (key) await redis.del(key).catch(busy)
    },
    disconnect: () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(busy),
  }
  return {
    url,
    /** Does a fault, and waits until it is over. */
    strike: (fault: Fault) => harm[fault](),
    async stop() {
      redis.disconnect()
      await server.stop('SIGKILL')
    },
  }
}
