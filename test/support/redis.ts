import { onTestFinished } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'

/** A Redis that only the caller uses, so that it may be flushed, stopped and killed. Ends with the test at the latest. */
export async function freshRedis({ port, args }: { port?: number; args?: string[] } = {}) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const server = await startRedis({ binary, ...(port && { port }), ...(args && { args }) })
  onTestFinished(() => server.stop('SIGKILL'))
  return server
}
