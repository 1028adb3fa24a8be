import type { Cluster, Redis } from 'ioredis'
import type { Invalidation } from './contract.ts'
import { CacheTimeout, within } from './timeLimit.ts'

/** The most keys that a process remembers to remove later. */
const memory = 10_000
/** How many of them go with one that is confirmed. */
const settledAtOnce = 100

/**
 * Removes entries, and remembers what could not be removed: until it is, this process does not read those keys.
 */
export class Removals {
  readonly #redis: Redis | Cluster
  /** Each key with the removal that is owed last; an older one that gets through does not settle it. */
  readonly #owed = new Map<string, symbol>()

  constructor(redis: Redis | Cluster) {
    this.#redis = redis
  }

  /**
   * Removes keys of one slot by one atomic command. DEL needs no memory, so it works on a Redis that is full.
   *
   * @param version spare entries that are at least as new
   * @param onForgotten called with each key whose removal this process can no longer remember
   */
  async remove(
    keys: string[],
    {
      ms,
      version,
      onForgotten,
    }: { ms: number; version: number | undefined; onForgotten: (key: string) => void },
  ): Promise<{ outcome: Invalidation; error?: unknown }> {
    const removal = Symbol('removal')
    try {
      const command =
        version === undefined
          ? this.#redis.del(...keys)
          : this.#redis.cacheAsideRemove(keys.length, ...keys, String(version))
      const start = performance.now()
      await within(ms, command, () => new CacheTimeout())
      await this.#settle(ms - (performance.now() - start))
      return { outcome: 'done' }
    } catch (error) {
      for (const key of keys) {
        this.#owed.delete(key)
        this.#owed.set(key, removal)
      }
      for (const key of this.#owed.keys()) {
        if (this.#owed.size <= memory) break
        this.#owed.delete(key)
        onForgotten(key)
      }
      return { outcome: 'deferred', error }
    }
  }

  /**
   * Now that Redis confirms removals again, delivers some that are owed: a process that only writes would never come to
   * read those keys. Those that fail stay owed.
   */
  async #settle(ms: number): Promise<void> {
    if (this.#owed.size === 0) return
    const keys = [...this.#owed.keys()].slice(0, settledAtOnce)
    const all = Promise.allSettled(keys.map((key) => this.deliver(key)))
    await within(ms, all, () => new CacheTimeout()).catch(() => {})
  }

  /** Whether anything is owed at all. */
  get any(): boolean {
    return this.#owed.size > 0
  }

  /** Whether anything is owed for this key. */
  owes(key: string): boolean {
    return this.#owed.size > 0 && this.#owed.has(key)
  }

  /** Delivers what is owed for a key, before it is read. Throws what Redis throws. */
  async deliver(key: string): Promise<void> {
    const removal = this.#owed.get(key)
    await this.#redis.del(key)
    if (this.#owed.get(key) === removal) this.#owed.delete(key)
  }
}
