import type { Cluster, Redis } from 'ioredis'
import { formerKey, slotTag } from './keys.ts'
import { orOneByOne } from './oneByOne.ts'

/** The most ids whose removal a process remembers. */
const memory = 10_000

/** The entries of one id that are to be removed. */
interface Debt {
  id: string
  keys: Set<string>
}

/**
 * The removals that Redis has not confirmed. Until they are delivered, this process does not read those keys.
 */
export class Owed {
  readonly #redis: Redis | Cluster
  /** By what the keys of an id have in common; the oldest first. A removal that is owed anew replaces the debt. */
  readonly #debts = new Map<string, Debt>()

  constructor(redis: Redis | Cluster) {
    this.#redis = redis
  }

  /** Whether anything is owed at all. */
  get any(): boolean {
    return this.#debts.size > 0
  }

  /** Whether anything is owed for the id of this key. */
  has(key: string): boolean {
    return this.#debts.size > 0 && this.#debts.has(slotTag(key))
  }

  /** Remembers the keys of an id. @returns the id that had to be forgotten for it */
  add(id: string, keys: string[]): string | undefined {
    const tag = slotTag(keys[0] ?? '')
    const debt = { id, keys: new Set([...(this.#debts.get(tag)?.keys ?? []), ...keys]) }
    this.#debts.delete(tag)
    this.#debts.set(tag, debt)
    const [oldest] = this.#debts
    if (this.#debts.size <= memory || !oldest) return undefined
    this.#debts.delete(oldest[0])
    return oldest[1].id
  }

  /** One key of each id for which something is owed, the oldest first. */
  keys(): string[] {
    return [...this.#debts.values()].flatMap(({ keys: [key] }) => key ?? [])
  }

  /** Delivers what is owed for the id of a key. @throws what Redis throws; then it stays owed */
  async deliver(key: string): Promise<void> {
    const tag = slotTag(key)
    const debt = this.#debts.get(tag)
    if (!debt) return
    const keys = [...debt.keys]
    await orOneByOne(this.#redis, [...keys, ...keys.map(formerKey)], (some) => this.#redis.del(...some))
    // What was owed anew meanwhile stays.
    if (this.#debts.get(tag) === debt) this.#debts.delete(tag)
  }
}
