import { join } from 'node:path'
import { startRedis } from './redisServer.ts'
import type { RunningService, RunOptions, Server } from './server.ts'

/** Receives a line when a server is lost and when it is back. */
export interface ServerNotice {
  lost(line: string): void
  returned(line: string): void
}

/** Long enough to watch the catalogue without a cache. */
const downtimeMs = 10_000

/**
 * Starts a Redis that restarts, empty, some seconds after it has ended by itself. A user can then try out the loss of
 * Redis without losing the stack. The process id is in the file `redis.pid`.
 *
 * @param dataDirectory the directory of that file
 * @param notice receives a line when Redis ends and when it runs again
 */
export async function startRestartingRedis({
  dataDirectory,
  notice,
  ...options
}: {
  binary: string
  port: number
  dataDirectory: string
  notice: ServerNotice
} & RunOptions): Promise<RunningService> {
  const args = ['--pidfile', join(dataDirectory, 'redis.pid')]
  const failed = Promise.withResolvers<string>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let server: Server = await start()

  async function start(): Promise<Server> {
    const started = await startRedis({ ...options, args })
    started.ended.then((reason) => {
      if (stopped) return
      notice.lost(
        `Redis ${reason}. Reads and writes continue without it. It restarts in ${downtimeMs / 1000} s`,
      )
      timer = setTimeout(restart, downtimeMs)
    })
    return started
  }

  async function restart(): Promise<void> {
    try {
      server = await start()
      if (stopped) await server.stop()
      else notice.returned('Redis is running again, with an empty cache')
    } catch (error) {
      failed.resolve(error instanceof Error ? error.message : String(error))
    }
  }

  return {
    ended: failed.promise,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await server.stop()
    },
  }
}
