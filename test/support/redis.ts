import { onTestFinished } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'

/** Starts a Redis for the caller alone, who may flush, stop and kill it. It ends with the test at the latest. */
export async function freshRedis({ port, args }: { port?: number; args?: string[] } = {}) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const server = await startRedis({ binary, ...(port && { port }), ...(args && { args }) })
  onTestFinished(() => server.stop('SIGKILL'))
  return server
}
