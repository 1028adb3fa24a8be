import { needsClusterClient, refusesWrites } from '../redis/errors.ts'
import type { Connection } from './connection.ts'
import { processTime } from './processClock.ts'

/** How many failures in a row open the breaker. */
const failureThreshold = 3
/** How often, while the breaker is open, a call tries whether the shard is back, in ms. */
const probeEveryMs = 500
/** For how long an accepted write proves that a shard takes removals, in ms. */
const provenForMs = 5_000

/**
 * The circuit breaker (Nygard, "Release It!") of one shard of Redis. After some failures in a row, only one
 * call in each half second still asks the shard. The breaker counts commands and batches, never ids.
 *
 * The cache never reads a key that it cannot invalidate, so a healthy shard needs proof that it takes writes: any
 * accepted write, or else a `DEL` that travels with a read.
 */
export class Breaker {
  /** The address of the shard's master. */
  readonly shard: string
  /** The connections that lead to the shard: to the server itself, and to its cluster. */
  readonly #connections: readonly Connection[]
  #failures = 0
  #open = false
  /**
   * When the next probe or proof is due, by performance.now(). The call that makes it moves this; failures do
   * not.
   */
  #nextProof = Number.NEGATIVE_INFINITY
  #provenAt = Number.NEGATIVE_INFINITY

  constructor(shard: string, connections: readonly Connection[]) {
    this.shard = shard
    this.#connections = connections
  }

  /** Returns the time in ms of a clock that stands still while calls wait for a connection to the shard. */
  readonly clock = (): number => {
    let now = processTime()
    for (const { waitedMs } of this.#connections) now -= waitedMs
    return now
  }

  /** Why the last attempt to connect failed; undefined if the connection works. */
  get connectError(): Error | undefined {
    return this.#connections.find(({ connectError }) => connectError)?.connectError
  }

  get isConnecting(): boolean {
    return this.#connections.some(({ isConnecting }) => isConnecting)
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Until when reads need no further check, by performance.now(); in the past if they need one now. */
  get healthyUntil(): number {
    return this.#open || this.#failures > 0 ? Number.NEGATIVE_INFINITY : this.#provenAt + provenForMs
  }

  /** Returns true if this call has to prove that the shard takes writes: at most once in each half second. */
  claimProof(now: number): boolean {
    if (now < this.#nextProof || (!this.#open && now < this.#provenAt + provenForMs)) return false
    this.#nextProof = now + probeEveryMs
    return true
  }

  /** Drops the proof when a connection is lost or new, because a new one may lead to another server. */
  forgetProof(): void {
    this.#provenAt = Number.NEGATIVE_INFINITY
  }

  /** Records that the shard replied to a read. */
  recordReply(): void {
    this.#failures = 0
    for (const connection of this.#connections) connection.recordReply()
  }

  /** Records that the shard accepted a write. @returns whether this closed the breaker */
  recordWrite(now: number): boolean {
    const closes = this.#open
    this.#open = false
    this.recordReply()
    this.#provenAt = now
    return closes
  }

  /** Records that a command or a batch failed. @returns whether this opened the breaker */
  recordFailure(error: unknown, now: number): boolean {
    if (needsClusterClient(error)) return false
    this.#failures++
    for (const connection of this.#connections) connection.recordFailure()
    if (this.#open || (this.#failures < failureThreshold && !refusesWrites(error))) return false
    this.#open = true
    this.#nextProof = now + probeEveryMs
    return true
  }
}
