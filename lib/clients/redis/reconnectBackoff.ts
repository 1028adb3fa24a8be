import type { Cluster, Redis } from 'ioredis'

/** The delay before the next attempt if the server has refused the credentials, in ms. */
const refusedMs = 1000

/**
 * Decides how soon a client connects again. For a server that is down, the delay grows from 5 ms to 100 ms: a refused
 * connection costs almost nothing. A server that replies WRONGPASS or NOAUTH is tried once a second. Each attempt
 * costs it a TLS handshake and a check of the credentials, which stay wrong until an operator changes them.
 */
export class ReconnectBackoff {
  #isRefused = false
  readonly #onRefusal: (() => void) | undefined

  /** @param onRefusal is called if the server has refused the credentials */
  constructor(onRefusal: (() => void) | undefined) {
    this.#onRefusal = onRefusal
  }

  /** Returns the delay before an attempt, in ms. */
  delay(attempt: number): number {
    return this.#isRefused ? refusedMs : Math.min(5 * attempt, 100)
  }

  /** Follows the errors that a client reports with this event. */
  watch(redis: Redis | Cluster, event: 'error' | 'node error'): void {
    // The caller of each failed command reports it. Without a listener ioredis would print every failed connection.
    redis.on(event, (error: Error) => {
      removeCredentials(error)
      if (!/^(WRONGPASS|NOAUTH)\b/.test(error.message)) return
      this.#isRefused = true
      this.#onRefusal?.()
    })
    redis.on('ready', () => {
      this.#isRefused = false
    })
  }
}

/**
 * Removes the arguments of AUTH and HELLO from an error: ioredis attaches the command, and a log would show its
 * password.
 */
function removeCredentials(error: unknown): void {
  const { command } = error as { command?: { name: string; args: unknown[] } }
  if (command && /^(auth|hello)$/i.test(command.name)) command.args = []
}
