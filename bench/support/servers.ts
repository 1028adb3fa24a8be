import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { startCluster } from '../../test/support/cluster.ts'

/**
 * Returns the path of the Redis-compatible server on PATH.
 *
 * @throws {Error} if there is none
 */
export function requireRedisBinary(): string {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH. Install one of them')
  return binary
}

/** Runs `use` with an empty Redis server that has 32 databases, and ends the server afterwards. */
export async function withRedis<T>(use: (server: Server) => Promise<T>): Promise<T> {
  const binary = requireRedisBinary()
  const server = await startRedis({ binary, args: ['--databases', '32'], detached: true })
  try {
    return await use(server)
  } finally {
    // A server that SIGSTOP has stopped reacts to no other signal.
    await server.stop('SIGKILL')
  }
}

/** A cluster and its masters, in the order of their slots. */
export interface Masters {
  /** The address of one of its nodes. */
  url: string
  masters: Server[]
}

/** For each master, a key in one of its slots. */
const keys = ['b', 'test', 'a']

/** Runs `use` with an empty cluster of three masters on this machine, and ends the cluster afterwards. */
export async function withCluster<T>(use: (cluster: Masters) => Promise<T>): Promise<T> {
  const { url, masterOf, stop } = await startCluster({ replicas: false })
  const masters = await Promise.all(keys.map(masterOf))
  const kill = () => {
    for (const { process } of masters) process.kill('SIGKILL')
  }
  process.once('exit', kill)
  try {
    return await use({ url, masters })
  } finally {
    process.off('exit', kill)
    await stop()
  }
}
