import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../lib/local/servers/ports.ts'
import { startRedis } from '../../lib/local/servers/redisServer.ts'
import { sharedNow } from '../support/clock.ts'
import { connectRedis } from '../support/connectRedis.ts'
import type { Network } from '../support/network.ts'
import type { FaultSpan } from './circumstances.ts'
import { longestPauseMs, pulse } from './options.ts'

/** The faults of the Redis under test. */
export const faults = ['kill', 'pause', 'demote', 'swallow', 'flush', 'evict', 'disconnect'] as const
export type Fault = (typeof faults)[number]

/** How long this project's client, asking at each pulse, takes to leave a silent connection and make another, ms. */
const swallowedMs = pulse.everyMs + 1_200

/**
 * Starts a Redis for the faults, as far away as another machine. It keeps nothing on disk: after it was killed, it is
 * empty.
 */
export async function startFaultyRedis(binary: string, network: Network, random: () => number) {
  const port = await freePort()
  const start = () => startRedis({ binary, port, detached: true })
  let server = await start()
  const redis = connectRedis(server.url)
  const wire = await network.open(port)
  // Redis may not be back yet from the last fault. Then this fault does nothing.
  const ignore = () => {}
  const inject: Record<Fault, () => Promise<unknown>> = {
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
    /**
     * Acts as a master that lost a failover: it still answers reads, refuses removals, and returns with all its data.
     */
    async demote() {
      await redis.replicaof('127.0.0.1', 1).catch(ignore)
      await sleep(random() * 300)
      await redis.replicaof('NO', 'ONE')
    },
    /** Redis executes what it receives, but its answers are lost. */
    async swallow() {
      await wire.swallow('down')
      await sleep(swallowedMs)
    },
    flush: () => redis.flushall().catch(ignore),
    /** Removes any one key, an entry or a lease. */
    async evict() {
      const key = await redis.randomkey().catch(ignore)
      if (key) await redis.del(key).catch(ignore)
      return key
    },
    disconnect: () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(ignore),
  }
  return {
    url: wire.url,
    /** Injects a fault, and resolves when it is over. */
    async inject(fault: Fault): Promise<FaultSpan> {
      const start = sharedNow()
      const key = await inject[fault]()
      return { fault, start, end: sharedNow(), ...(typeof key === 'string' && fault === 'evict' && { key }) }
    },
    async stop() {
      redis.disconnect()
      await server.stop('SIGKILL')
    },
  }
}
