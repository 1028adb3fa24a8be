import { setTimeout as sleep } from 'node:timers/promises'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { sharedNow } from '../support/clock.ts'
import type { Network } from '../support/network.ts'
import type { Struck } from './circumstances.ts'
import { longestPauseMs, pulse } from './options.ts'

/** What befalls the Redis of a torture test. */
export const faults = ['kill', 'pause', 'demote', 'swallow', 'flush', 'evict', 'disconnect'] as const
export type Fault = (typeof faults)[number]

/** How long a client of this project that asks at each pulse takes to leave a connection that carries nothing, and to make another, ms. */
const swallowedMs = pulse.everyMs + 1_200

/**
 * A Redis that can be harmed, as far away as another machine. It keeps nothing on disk: killed, it comes back empty.
 */
export async function startVictim(binary: string, network: Network, random: () => number) {
  const port = await freePort()
  const start = () => startRedis({ binary, port, detached: true })
  let server = await start()
  const redis = connectRedis(server.url)
  const wire = await network.open(port)
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
    /** What was sent is executed, and nobody is told. */
    async swallow() {
      await wire.swallow('down')
      await sleep(swallowedMs)
    },
    flush: () => redis.flushall().catch(busy),
    /** Any one key, be it an entry or a lease. */
    async evict() {
      const key = await redis.randomkey().catch(busy)
      if (key) await redis.del(key).catch(busy)
      return key
    },
    disconnect: () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(busy),
  }
  return {
    url: wire.url,
    /** Does a fault, and waits until it is over. */
    async strike(fault: Fault): Promise<Struck> {
      const start = sharedNow()
      const key = await harm[fault]()
      return { fault, start, end: sharedNow(), ...(typeof key === 'string' && fault === 'evict' && { key }) }
    },
    async stop() {
      redis.disconnect()
      await server.stop('SIGKILL')
    },
  }
}
