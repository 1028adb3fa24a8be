import { createConnection, createServer, type Socket } from 'node:net'
import { SetupError } from '../../project/setupError.ts'
import { freePort } from '../servers/server.ts'

/** A way to Redis that can be cut: to whoever uses it, Redis is gone then, while the server itself goes on. */
export interface RedisSwitch {
  /** Of the way. */
  url: string
  readonly on: boolean
  /** Whether there is a way to cut: for a plain connection to a single server. */
  readonly switchable: boolean
  set(on: boolean): Promise<void>
  stop(): Promise<void>
}

/**
 * Puts a way that can be cut before a Redis. One that is reached by TLS, or a cluster, is used as it is: the name in its
 * certificate, and the addresses that its nodes tell, are not those of a way.
 */
export async function openRedisSwitch(redisUrl: string): Promise<RedisSwitch> {
  const target = new URL(redisUrl)
  if (target.protocol !== 'redis:')
    return { url: redisUrl, on: true, switchable: false, set: async () => {}, stop: async () => {} }
  const port = await freePort()
  const url = new URL(redisUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const redis = createConnection(Number(target.port || 6379), target.hostname.replace(/^\[|\]$/g, ''))
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const) {
      open.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      // Whatever ends one side ends the other: Redis has no use for half a connection.
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
    client.pipe(redis)
    redis.pipe(client)
  })
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new SetupError(`The way to Redis: ${error.message}`)))
      server.listen(port, '127.0.0.1', () => {
        server.removeAllListeners('error')
        resolve()
      })
    })
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of open) socket.destroy()
    })
  await listen()
  return {
    url: url.href.replace(/\/$/, ''),
    get on() {
      return server.listening
    },
    switchable: true,
    async set(on) {
      if (on !== server.listening) await (on ? listen() : cut())
    },
    async stop() {
      if (server.listening) await cut()
    },
  }
}
