import { connect as connectPlainly, type NetConnectOpts, Socket } from 'node:net'
import { type ConnectionOptions, connect as connectByTls } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'

/**
 * What makes the sockets of a client, those included by which a cluster's client asks for the slots: of these ioredis tells
 * nobody what was wrong.
 *
 * @param prepare is awaited before each
 * @param onError told of each that fails
 */
export const connectorFor = (prepare: () => Promise<void>, onError: (error: Error) => void) =>
  class extends AbstractConnector {
    readonly #options: RedisOptions

    constructor(options: unknown) {
      super((options as RedisOptions).disconnectTimeout ?? 0)
      this.#options = options as RedisOptions
    }

    async connect() {
      this.connecting = true
      const failure = await prepare().then(
        () => undefined,
        (error: Error) => error,
      )
      if (!this.connecting) throw new Error('Connection is closed.')
      if (failure) {
        // Thrown, it would end the client for good. A socket that is destroyed is an attempt that failed, like others.
        this.firstError = failure
        this.stream = new Socket().destroy()
        onError(failure)
      } else this.stream = this.#open().on('error', onError)
      return this.stream
    }

    #open(): Socket {
      const { host, port, tls } = this.#options
      const to = { ...(host && { host }), ...(port && { port }) }
      return tls ? connectByTls({ ...to, ...tls } as ConnectionOptions) : connectPlainly(to as NetConnectOpts)
    }
  }
