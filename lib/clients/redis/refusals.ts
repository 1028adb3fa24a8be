import type { Cluster, Redis } from 'ioredis'

/** Between two attempts to connect after the server has refused the credentials, ms. */
const afterRefusal = 1000

/**
 * How soon a client tries again. A server that is away is asked every 100 ms at the most, for nothing is cheaper than to
 * be refused a connection. One that answers WRONGPASS is asked once in a second: each try costs it a TLS handshake and a
 * check of the credentials, and they will not be right before somebody has changed something.
 */
export class Refusals {
  #refused = false
  readonly #onRefusal: (() => void) | undefined

  /** @param onRefusal called when the server has refused the credentials */
  constructor(onRefusal: (() => void) | undefined) {
    this.#onRefusal = onRefusal
  }

  /** Milliseconds to wait before the next attempt. */
  pause(attempt: number): number {
    return this.#refused ? afterRefusal : Math.min(5 * attempt, 100)
  }

  /** Learns from the errors that a client reports by the event. */
  watch(redis: Redis | Cluster, event: 'error' | 'node error'): void {
    // Every failed command is reported by its caller; without a listener the client would print each failed connection.
    redis.on(event, (error: Error) => {
      concealCredentials(error)
      if (!/^(WRONGPASS|NOAUTH)\b/.test(error.message)) return
      this.#refused = true
      this.#onRefusal?.()
    })
    redis.on('ready', () => {
      this.#refused = false
    })
  }
}

/** ioredis hangs the command on its error, and so the password on that of AUTH and HELLO: whoever logs it logs both. */
export function concealCredentials(error: unknown): void {
  const { command } = error as { command?: { name: string; args: unknown[] } }
  if (command && /^(auth|hello)$/i.test(command.name)) command.args = []
}
