import { Cluster, type Redis } from 'ioredis'
import { attended } from './attention.ts'

/**
 * How long calls have waited for a connection to be made: the first one, or the next one after it was lost, as it is when
 * a sandbox thaws. A handshake takes longer than an answer, and says nothing against Redis before it has failed. After
 * that nobody waits for the next one.
 *
 * One that is made has been answered on: a server that hangs accepts connections all the same, but greets nobody. That of
 * a cluster is made when each master has greeted, or cannot be reached.
 */
export class Connection {
  readonly #connectMs: number
  /** That of the cluster which this is a part of. */
  readonly #whole: Connection | undefined
  #state: 'idle' | 'making' | 'made' | 'failed' = 'idle'
  /** Whom it leads to; the one before is not listened to any more. */
  #client: Redis | Cluster | undefined
  /** When it began to be made, and how long calls have waited before, ms of `attended`. */
  #since = 0
  #before = 0
  #timer: NodeJS.Timeout | undefined
  #trouble: Error | undefined

  /**
   * @param connectMs the most that is waited for it from its beginning on, ms
   * @param whole that of the cluster to whose node it leads: what is waited for that one is not counted twice
   */
  constructor(connectMs: number, whole?: Connection) {
    this.#connectMs = connectMs
    this.#whole = whole
  }

  /** Whether one is being made that calls wait for. */
  get isBeingMade(): boolean {
    return this.#state === 'making'
  }

  /** How long calls have waited for it so far, ms of `attended`: what passes meanwhile is no time on Redis. */
  get waited(): number {
    return this.#before + (this.isBeingMade ? attended() - this.#since : 0)
  }

  /** What was wrong with the one that was tried last; undefined where it was made. */
  get trouble(): Error | undefined {
    return this.#state === 'made' ? undefined : this.#trouble
  }

  /**
   * Follows a client, in place of the one that it may have followed before. A cluster's client forgets a node that hangs, and
   * comes back to it: what has failed to the same address is not waited for again.
   */
  follow(client: Redis | Cluster): void {
    this.#client = client
    this.#end(this.#state === 'failed' ? 'failed' : 'idle')
    const on = (event: string, listener: (error: Error) => void) =>
      client.on(event, (error: Error) => {
        if (client === this.#client) listener(error)
      })
    on('error', (error) => {
      this.#trouble = error
    })
    on('connecting', () => {
      if (this.#state === 'idle' && !this.#whole?.isBeingMade) this.#begin()
    })
    on('ready', () => {
      const nodes = client instanceof Cluster ? client.nodes('master') : []
      Promise.all(nodes.map(greeted)).then(() => {
        if (client === this.#client && client.status === 'ready') this.#end('made')
      })
    })
    on('close', () => {
      if (this.#state === 'made') this.#begin()
      else this.#end('failed')
    })
  }

  /** A command was answered. */
  answered(): void {
    if (this.#state !== 'made' && this.#client?.status === 'ready') this.#end('made')
  }

  /** A command has failed, or was not answered in time: calls do not wait for the next connection. */
  failed(): void {
    this.#end('failed')
  }

  #begin(): void {
    this.#state = 'making'
    this.#since = attended()
    // Unref'ed: who waits for it has a timer that keeps the process alive.
    this.#timer = setTimeout(() => this.#end('failed'), this.#connectMs).unref()
  }

  #end(state: 'idle' | 'made' | 'failed'): void {
    clearTimeout(this.#timer)
    this.#before = this.waited
    this.#state = state
  }
}

/** Connects to a node of a cluster. Resolves when that is done, or has failed. */
function greeted(node: Redis): Promise<void> {
  return new Promise((resolve) => {
    if (node.status === 'ready') resolve()
    for (const event of ['ready', 'close', 'end']) node.once(event, () => resolve())
    // Why it fails is told to the commands that meet it.
    if (node.status === 'wait') node.connect().catch(() => {})
  })
}
