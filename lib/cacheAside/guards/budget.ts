/**
 * How long one call can still wait for one shard of Redis, in ms of the shard's clock. The call's own
 * commands draw on the budget; commands that are under way at the same time draw on it once. Polling for
 * another caller's load draws nothing, as long as Redis replies in time.
 *
 * Every `now` is a time of the shard's clock.
 */
export class CacheBudget {
  #leftMs: number
  #underWay = 0
  /** When the commands under way began. */
  #since = 0

  constructor(ms: number) {
    this.#leftMs = ms
  }

  /** Returns what is left, in ms; 0 if the budget is used up. */
  left(now: number): number {
    const spent = this.#underWay > 0 ? now - this.#since : 0
    return Math.max(0, this.#leftMs - spent)
  }

  /** Records that a command begins to draw on the budget. */
  begin(now: number): void {
    if (this.#underWay++ === 0) this.#since = now
  }

  /** Records that a command ends, which drew on the budget. */
  end(now: number): void {
    if (--this.#underWay === 0) this.#leftMs -= now - this.#since
  }

  /** Draws time that was not counted so far. */
  draw(ms: number): void {
    this.#leftMs -= ms
  }
}
