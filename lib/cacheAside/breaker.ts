/** Failures in a row that open it. */
const threshold = 3
/** How long it stays open before one call tries again, ms. */
const pauseMs = 500

/**
 * A circuit breaker (Nygard, "Release It!"): after some failures in a row Redis is not asked any more, but for one call
 * in each pause, which tries a write. Its own few lines, since a closed breaker has to cost the hit path one comparison,
 * and a probe has to fit into the time budget of the call that makes it.
 */
export class Breaker {
  #failures = 0
  #open = false
  #nextProbe = 0
  readonly #onChange: ((state: 'open' | 'closed', error?: unknown) => void)[] = []

  get isOpen(): boolean {
    return this.#open
  }

  onChange(listener: (state: 'open' | 'closed', error?: unknown) => void): void {
    this.#onChange.push(listener)
  }

  /** Whether this call is the one to try: true once in each pause. */
  mayProbe(): boolean {
    if (performance.now() < this.#nextProbe) return false
    this.#nextProbe = performance.now() + pauseMs
    return true
  }

  succeeded(): void {
    this.#failures = 0
  }

  /** A write went through. */
  close(): void {
    this.#failures = 0
    if (!this.#open) return
    this.#open = false
    for (const tell of this.#onChange) tell('closed')
  }

  failed(error: unknown): void {
    this.#failures++
    this.#nextProbe = performance.now() + pauseMs
    if (this.#open || (this.#failures < threshold && !refusesWrites(error))) return
    this.#open = true
    for (const tell of this.#onChange) tell('open', error)
  }
}

/** A Redis that answers reads and refuses writes: what cannot be invalidated must not be read either. */
const refusesWrites = (error: unknown): boolean =>
  error instanceof Error && /\b(READONLY|OOM|MISCONF|NOREPLICAS)\b/.test(error.message)
