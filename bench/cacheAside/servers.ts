import { findRedisBinary, startRedis } from '../../lib/local/redisServer.ts'
import type { Server } from '../../lib/local/server.ts'

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
