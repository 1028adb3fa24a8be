import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { startCluster } from '../../test/support/cluster.ts'

/** Runs `use` beside an empty Redis of its own, with 32 databases, and ends it. */
export async function withRedis<T>(use: (server: Server) => Promise<T>): Promise<T> {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH: install one')
  const server = await startRedis({ binary, args: ['--databases', '32'], detached: true })
  try {
    return await use(server)
  } finally {
    // One that was stopped by SIGSTOP heeds nothing else.
    await server.stop('SIGKILL')
  }
}

/** A cluster, and its masters in the order of their slots. */
export interface Masters {
  /** Where a client may begin. */
  url: string
  masters: Server[]
}

/** A key in the slots of each master. */
const keys = ['b', 'test', 'a']

/** Runs `use` beside an empty cluster of three masters on this machine, and ends it. */
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
