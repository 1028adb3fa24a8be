import { Redis } from 'ioredis'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { startCluster } from './cluster.ts'
import type { Network, Wire } from './network.ts'

type Ends = (stop: () => unknown) => void

/** A single Redis at the end of a line. */
export async function oneServer(network: Network, ends: Ends, delayMs: number) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  let server: Server = await startRedis({ binary })
  ends(() => server.stop('SIGKILL'))
  const wire = await network.open(server.port, delayMs)
  return {
    url: wire.url,
    wire,
    server: () => server,
    /** Sends it a command, past the line. */
    async ask(command: string, ...args: string[]): Promise<unknown> {
      const client = new Redis(server.port, '127.0.0.1', { retryStrategy: () => null })
      try {
        return await client.call(command, ...args)
      } finally {
        client.disconnect()
      }
    },
    /** Ends it and starts it anew, empty. */
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

/** Three masters without replicas, each at the end of a line of its own. */
export async function threeServers(network: Network, ends: Ends, delayMs: number) {
  const wires = new Map<number, Wire>()
  const cluster = await startCluster({
    replicas: false,
    async before(port) {
      const wire = await network.open(port, delayMs)
      wires.set(port, wire)
      return wire.port
    },
  })
  ends(cluster.stop)
  return {
    url: cluster.url,
    wires: [...wires.values()],
    admins: cluster.admins,
    /** The line to the master for a key, and a client of its own for what is to be set there. */
    async shardOf(key: string): Promise<{ wire: Wire; admin: Redis; number: number }> {
      const { port } = await cluster.masterOf(key)
      const number = [...wires.keys()].indexOf(port)
      const [wire, admin] = [wires.get(port), cluster.admins[number]]
      if (!wire || !admin) throw new Error(`No line leads to ${port}`)
      return { wire, admin, number }
    },
    async reset() {
      await Promise.all([...wires.values()].map((wire) => wire.reset()))
      await Promise.all(cluster.admins.map((admin) => admin.flushall()))
    },
  }
}
