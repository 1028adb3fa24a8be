import { connect as connectPlainly, type NetConnectOpts, Socket } from 'node:net'
import { type ConnectionOptions, connect as connectByTls } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'

/**
 * Creates the class that opens the sockets of a client. That includes the sockets on which a cluster's client asks
 * for the slots: ioredis itself does not report their errors.
 *
 * @param prepare is awaited before each connection
 * @param onError receives the error of each socket that fails
 */
export const createConnector = (prepare: () => Promise<void>, onError: (error: Error) => void) =>
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
        // Throwing would end the client for good. A destroyed socket is an ordinary failed attempt.
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
