import { join } from 'node:path'
import { startRedis } from './redisServer.ts'
import type { RunOptions, Server, Started } from './server.ts'

/** Long enough to watch the catalog without a cache. */
const absenceMs = 10_000

/**
 * Starts a Redis that comes back, empty, some seconds after it has ended by itself: its loss is something to try out,
 * not the end of the stack. Its process id stands in `redis.pid`.
 *
 * @param home the folder for that file
 * @param say is told when it goes and comes
 */
export async function startLastingRedis({
  home,
  say,
  ...options
}: {
  binary: string
  port: number
  home: string
  say: (line: string) => void
} & RunOptions): Promise<Started> {
  const args = ['--pidfile', join(home, 'redis.pid')]
  const failed = Promise.withResolvers<string>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let server: Server = await start()

  async function start(): Promise<Server> {
    const started = await startRedis({ ...options, args })
    started.ended.then((why) => {
      if (stopped) return
      say(`Redis ${why}. The catalog goes on without it; it is started again in ${absenceMs / 1000} s`)
      timer = setTimeout(restart, absenceMs)
    })
    return started
  }

  async function restart(): Promise<void> {
    try {
      server = await start()
      if (stopped) await server.stop()
      else say('Redis is back, empty')
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
