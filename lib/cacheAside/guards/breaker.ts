import { attended } from './attention.ts'
import type { Connection } from './connection.ts'

/** Failures in a row that open it. */
const threshold = 3
/** While it is open, how often a call tries whether the shard is back, ms. */
const probeEveryMs = 500
/** For how long an accepted write proves that a shard can be invalidated, ms. */
const provenForMs = 5_000

/**
 * A circuit breaker (Nygard, "Release It!") for one shard of Redis: after some failures in a row the shard is not asked
 * any more, but for one call in each half second. It is judged by commands and batches, never by ids. What cannot be
 * invalidated must not be read, so it wants proof that the shard takes writes: any write that was accepted, else a `DEL`
 * that goes along with a read.
 */
export class Breaker {
  /** The address of the shard's master. */
  readonly shard: string
  /** Those whose connections it takes to reach it: a server's own, and its cluster's. */
  readonly #connections: readonly Connection[]
  #failures = 0
  #open = false
  /** When the next probe or proof is due; moved by whoever makes it, never by a failure. */
  #nextProof = Number.NEGATIVE_INFINITY
  #provenAt = Number.NEGATIVE_INFINITY

  constructor(shard: string, connections: readonly Connection[]) {
    this.shard = shard
    this.#connections = connections
  }

  /** Milliseconds in which the shard could have answered: a clock that stands while a connection to it is being made. */
  readonly clock = (): number => {
    let now = attended()
    for (const { waited } of this.#connections) now -= waited
    return now
  }

  /** What was wrong with the connection that was tried last; undefined where it works. */
  get trouble(): Error | undefined {
    return this.#connections.find(({ trouble }) => trouble)?.trouble
  }

  get isBeingConnected(): boolean {
    return this.#connections.some(({ isBeingMade }) => isBeingMade)
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Until when it may be read without looking any further, by performance.now(); in the past where it may not. */
  get calmUntil(): number {
    return this.#open || this.#failures > 0 ? Number.NEGATIVE_INFINITY : this.#provenAt + provenForMs
  }

  /** Whether this call is the one to prove that the shard takes writes: true once in each half second. */
  takesProof(now: number): boolean {
    if (now < this.#nextProof || (!this.#open && now < this.#provenAt + provenForMs)) return false
    this.#nextProof = now + probeEveryMs
    return true
  }

  /** A connection that is lost, and a new one, which may lead to another server. */
  forgetProof(): void {
    this.#provenAt = Number.NEGATIVE_INFINITY
  }

  /** A read was answered. */
  answered(): void {
    this.#failures = 0
    for (const connection of this.#connections) connection.answered()
  }

  /** A write was accepted. @returns whether that has closed it */
  accepted(now: number): boolean {
    const closes = this.#open
    this.#open = false
    this.answered()
    this.#provenAt = now
    return closes
  }

  /** A command or a batch has failed. @returns whether that has opened it */
  failed(error: unknown, now: number): boolean {
    if (isOfCluster(error)) return false
    this.#failures++
    for (const connection of this.#connections) connection.failed()
    if (this.#open || (this.#failures < threshold && !refusesWrites(error))) return false
    this.#open = true
    this.#nextProof = now + probeEveryMs
    return true
  }
}

/** A cluster was asked as if it were a single server. It says so with each command, and no pause would mend it. */
const isOfCluster = (error: unknown): boolean =>
  error instanceof Error && /^(MOVED|CROSSSLOT)\b/.test(error.message)

/** A Redis that answers reads and refuses removals, by its state or its access list. A full one is not among them: a removal needs no memory. */
export const refusesWrites = (error: unknown): boolean =>
  error instanceof Error && /\b(READONLY|MISCONF|NOREPLICAS|NOPERM)\b/.test(error.message)
