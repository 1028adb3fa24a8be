import { Redis } from 'ioredis'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { startCluster } from './cluster.ts'
import type { Network, Wire } from './network.ts'

/** Registers a clean-up step. */
type OnCleanup = (stop: () => unknown) => void

/** Starts a single Redis behind a wire. */
export async function startWiredRedis(network: Network, onCleanup: OnCleanup, delayMs: number) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  let server: Server = await startRedis({ binary })
  onCleanup(() => server.stop('SIGKILL'))
  const wire = await network.open(server.port, delayMs)
  return {
    url: wire.url,
    wire,
    server: () => server,
    /** Sends a command directly, not through the wire. */
    async ask(command: string, ...args: string[]): Promise<unknown> {
      const client = new Redis(server.port, '127.0.0.1', { retryStrategy: () => null })
      try {
        return await client.call(command, ...args)
      } finally {
        client.disconnect()
      }
    },
    /** Kills the Redis and starts an empty one on the same port. */
    async restart() {
      await server.stop('SIGKILL')
      server = await startRedis({ binary, port: server.port })
    },
    async reset() {
      await wire.reset()
      await this.restart()
    },
  }
}

/** Starts a cluster of three masters without replicas, each behind its own wire. */
export async function startWiredMasters(network: Network, onCleanup: OnCleanup, delayMs: number) {
  const wires = new Map<number, Wire>()
  const cluster = await startCluster({
    replicas: false,
    async proxy(port) {
      const wire = await network.open(port, delayMs)
      wires.set(port, wire)
      return wire.port
    },
  })
  onCleanup(cluster.stop)
  return {
    url: cluster.url,
    wires: [...wires.values()],
    admins: cluster.admins,
    /** Returns the wire to the master of a key, and a client that reaches the master directly. */
    async shardOf(key: string): Promise<{ wire: Wire; admin: Redis; number: number }> {
      const { port } = await cluster.masterOf(key)
      const number = [...wires.keys()].indexOf(port)
      const [wire, admin] = [wires.get(port), cluster.admins[number]]
      if (!wire || !admin) throw new Error(`No wire leads to port ${port}`)
      return { wire, admin, number }
    },
    async reset() {
      await Promise.all([...wires.values()].map((wire) => wire.reset()))
      await Promise.all(cluster.admins.map((admin) => admin.flushall()))
    },
  }
}
