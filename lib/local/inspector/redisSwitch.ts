import { createConnection, createServer, type Socket } from 'node:net'
import { SetupError } from '../../project/setupError.ts'
import { freePort } from '../servers/ports.ts'

/**
 * A relay between the catalogue and Redis that can be switched off. Its clients then lose Redis, while the server
 * itself runs on.
 */
export interface RedisSwitch {
  /** The address of the relay. */
  url: string
  readonly on: boolean
  /** Whether Redis can be switched off, which requires a plain connection to a single server. */
  readonly switchable: boolean
  set(on: boolean): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a relay between the catalogue and Redis. A Redis behind TLS and a cluster are used directly, without a relay:
 * the name in the certificate and the addresses that the cluster's nodes announce are not those of the relay.
 */
export async function openRedisSwitch(redisUrl: string): Promise<RedisSwitch> {
  const target = new URL(redisUrl)
  if (target.protocol !== 'redis:')
    return { url: redisUrl, on: true, switchable: false, set: async () => {}, stop: async () => {} }
  const port = await freePort()
  const url = new URL(redisUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const redis = createConnection(Number(target.port || 6379), target.hostname.replace(/^\[|\]$/g, ''))
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      // The end of one side ends the other, because Redis cannot use half of a connection.
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    client.pipe(redis)
    redis.pipe(client)
  })
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new SetupError(`Cannot relay connections to Redis: ${error.message}`)),
      )
      server.listen(port, '127.0.0.1', () => {
        server.removeAllListeners('error')
        resolve()
      })
    })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await listen()
  return {
    url: url.href.replace(/\/$/, ''),
    get on() {
      return server.listening
    },
    switchable: true,
    async set(on) {
      if (on !== server.listening) await (on ? listen() : close())
    },
    async stop() {
      if (server.listening) await close()
    },
  }
}
