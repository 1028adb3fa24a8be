import { Cluster, type Redis } from 'ioredis'
import { processTime } from './processClock.ts'

/**
 * Measures how long calls wait for a connection attempt: the first one, or the next one after a connection
 * was lost, as when a sandbox thaws. A handshake takes longer than a reply. That is not a sign of trouble
 * until the attempt fails. After a failed attempt, calls do not wait for the next one.
 *
 * A connection counts as connected once the server has greeted on it: a server that hangs still accepts
 * connections, but greets no client. A cluster counts as connected once each master has greeted or cannot be
 * reached.
 */
export class Connection {
  readonly #connectMs: number
  /** The connection to the whole cluster, if this is the connection to one of its nodes. */
  readonly #cluster: Connection | undefined
  #state: 'idle' | 'connecting' | 'connected' | 'failed' = 'idle'
  /** The client that is followed; events of an earlier one are ignored. */
  #client: Redis | Cluster | undefined
  /** When the current attempt began, and how long calls waited for earlier ones, in ms of `processTime`. */
  #since = 0
  #waitedBefore = 0
  #timer: NodeJS.Timeout | undefined
  #lastError: Error | undefined

  /**
   * @param connectMs how long calls wait for an attempt, from its start, in ms
   * @param cluster the connection to the cluster that the node belongs to: waiting for both at once is not
   *   counted twice
   */
  constructor(connectMs: number, cluster?: Connection) {
    this.#connectMs = connectMs
    this.#cluster = cluster
  }

  /** Whether an attempt is under way that calls wait for. */
  get isConnecting(): boolean {
    return this.#state === 'connecting'
  }

  /**
   * How long calls have waited to connect so far, in ms of `processTime`. This time does not count as time on
   * Redis.
   */
  get waitedMs(): number {
    return this.#waitedBefore + (this.isConnecting ? processTime() - this.#since : 0)
  }

  /** Why the last attempt failed; undefined if it succeeded. */
  get connectError(): Error | undefined {
    return this.#state === 'connected' ? undefined : this.#lastError
  }

  /**
   * Follows a client, in place of an earlier one. The client of a cluster forgets a node that hangs and comes
   * back to it later, so an address that has failed keeps its state: calls do not wait for it again.
   */
  follow(client: Redis | Cluster): void {
    this.#client = client
    this.#end(this.#state === 'failed' ? 'failed' : 'idle')
    const on = (event: string, listener: (error: Error) => void) =>
      client.on(event, (error: Error) => {
        if (client === this.#client) listener(error)
      })
    on('error', (error) => {
      this.#lastError = error
    })
    on('connecting', () => {
      if (this.#state === 'idle' && !this.#cluster?.isConnecting) this.#begin()
    })
    on('ready', () => {
      const nodes = client instanceof Cluster ? client.nodes('master') : []
      Promise.all(nodes.map(connectNode)).then(() => {
        if (client === this.#client && client.status === 'ready') this.#end('connected')
      })
    })
    on('close', () => {
      if (this.#state === 'connected') this.#begin()
      else this.#end('failed')
    })
  }

  /** Records that the server replied to a command. */
  recordReply(): void {
    if (this.#state !== 'connected' && this.#client?.status === 'ready') this.#end('connected')
  }

  /** Records that a command failed or timed out: calls do not wait for the next attempt. */
  recordFailure(): void {
    this.#end('failed')
  }

  #begin(): void {
    this.#state = 'connecting'
    this.#since = processTime()
    // Unref'ed: each call that waits has its own timer, which keeps the process alive.
    this.#timer = setTimeout(() => this.#end('failed'), this.#connectMs).unref()
  }

  #end(state: 'idle' | 'connected' | 'failed'): void {
    clearTimeout(this.#timer)
    this.#waitedBefore = this.waitedMs
    this.#state = state
  }
}

/** Connects to a node of a cluster. Resolves when the node is connected, or the attempt has failed. */
function connectNode(node: Redis): Promise<void> {
  return new Promise((resolve) => {
    if (node.status === 'ready') resolve()
    for (const event of ['ready', 'close', 'end']) node.once(event, () => resolve())
    // The commands that meet the failure report it.
    if (node.status === 'wait') node.connect().catch(() => {})
  })
}
