import { accessSync, constants } from 'node:fs'
import { createConnection } from 'node:net'
import { delimiter, join } from 'node:path'
import { freePort } from './ports.ts'
import { type RunOptions, type Server, startServer } from './server.ts'

/** Finds a Redis-compatible server on PATH, Valkey before Redis. */
export const findRedisBinary = (path = process.env.PATH): string | undefined =>
  findBinary('valkey-server', path) ?? findBinary('redis-server', path)

/** Finds the program of that name on PATH. */
export const findBinary = (name: string, path = process.env.PATH ?? ''): string | undefined =>
  path
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/**
 * Starts Redis as a cache, in memory only. With a snapshot, a crash would undo removals that Redis had confirmed.
 *
 * @param binary from {@link findRedisBinary}
 * @param port default: any free port
 * @param args more settings, for example `--maxmemory 10mb`
 */
export async function startRedis({
  binary,
  port,
  args = [],
  ...run
}: {
  binary: string
  port?: number
  args?: string[]
} & RunOptions): Promise<Server> {
  port ??= await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  return startServer(binary, [...settings, ...args], {
    name: 'Redis',
    url: `redis://127.0.0.1:${port}`,
    port,
    isReady: () => answersPing(port),
    ...run,
  })
}

/** Returns whether a Redis answers on this port of `host` within 500 ms. */
export const answersPing = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host })
    const finish = (isAnswered: boolean) => {
      socket.destroy()
      resolve(isAnswered)
    }
    socket.setTimeout(500, () => finish(false))
    socket.on('error', () => finish(false))
    socket.on('connect', () => socket.write('PING\r\n'))
    socket.on('data', (data) => finish(/^(\+PONG|-NOAUTH)/.test(data.toString())))
  })
