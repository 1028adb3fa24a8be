import type { Cluster, Redis } from 'ioredis'
import { slotTag } from './keys.ts'
import { removeAll, removeOlder } from './removal.ts'

/** The most ids of which a process remembers that removals were not confirmed, and the most of which it served what was not stored. */
const memory = 10_000

/** What is to be removed of one id. */
interface Debt {
  id: string
  keys: Set<string>
  /** Only what is older than this. */
  version?: number
}

/**
 * What this process owes Redis: the removals that were not confirmed, and, of what it has served and not stored, the removal
 * of everything older. Until they are delivered it does not read those keys: it would miss its own writes, or go back
 * behind what it has said.
 */
export class Owed {
  readonly #redis: Redis | Cluster
  readonly #onDebt: () => void
  /** By what the keys of an id have in common; the oldest first. What is owed anew replaces the debt. */
  readonly #removals = new Map<string, Debt>()
  /** Apart, for what readers owe must not make a process forget a write. */
  readonly #served = new Map<string, Debt>()

  /** @param onDebt told of each debt, before any key is read again */
  constructor(redis: Redis | Cluster, onDebt: () => void) {
    this.#redis = redis
    this.#onDebt = onDebt
  }

  /** Whether anything is owed at all. */
  get any(): boolean {
    return this.#removals.size > 0 || this.#served.size > 0
  }

  /** Whether anything is owed for the id of this key. */
  has(key: string): boolean {
    if (!this.any) return false
    const tag = slotTag(key)
    return this.#removals.has(tag) || this.#served.has(tag)
  }

  /**
   * The least version of what may be read at a key as soon as what is owed there was sent, in the same round trip: an entry
   * that is at least as new needs no removal. Undefined where nothing may.
   */
  leastAt(key: string): number | undefined {
    const tag = slotTag(key)
    return this.#removals.has(tag) ? undefined : this.#served.get(tag)?.version
  }

  /** A removal was not confirmed. @returns the id that had to be forgotten for it */
  add(id: string, keys: string[]): string | undefined {
    const forgotten = put(this.#removals, slotTag(keys[0] ?? ''), { id, keys: new Set(keys) })
    this.#onDebt()
    return forgotten
  }

  /**
   * A value was served and not stored. What is older goes; where it never existed, version 0, whatever is there does. Past
   * the bound the oldest are forgotten without a word: no write depends on them.
   */
  served(id: string, keys: string[], version: number): void {
    put(this.#served, slotTag(keys[0] ?? ''), { id, keys: new Set(keys), ...(version > 0 && { version }) })
    this.#onDebt()
  }

  /** One key of each id for which something is owed: first those of removals, the oldest first. */
  *keys(): Generator<string> {
    for (const debts of [this.#removals, this.#served]) {
      for (const {
        keys: [key],
      } of debts.values())
        if (key !== undefined) yield key
    }
  }

  /** Delivers what is owed for the id of a key. @throws what Redis throws; then it stays owed */
  async deliver(key: string): Promise<void> {
    const tag = slotTag(key)
    await Promise.all([this.#removals, this.#served].map((debts) => this.#pay(debts, tag)))
  }

  async #pay(debts: Map<string, Debt>, tag: string): Promise<void> {
    const debt = debts.get(tag)
    if (!debt) return
    const { id, version } = debt
    const keys = [...debt.keys]
    await (version === undefined ? removeAll(this.#redis, keys) : removeOlder(this.#redis, id, keys, version))
    // What was owed anew meanwhile stays.
    if (debts.get(tag) === debt) debts.delete(tag)
  }
}

/** Adds to what is owed for an id. @returns the id that had to be forgotten for it */
function put(debts: Map<string, Debt>, tag: string, { id, keys, version }: Debt): string | undefined {
  const known = debts.get(tag)
  const debt: Debt = { id, keys: new Set([...(known?.keys ?? []), ...keys]) }
  if (version !== undefined && !(known && known.version === undefined))
    debt.version = Math.max(version, known?.version ?? 0)
  debts.delete(tag)
  debts.set(tag, debt)
  const [oldest] = debts
  if (debts.size <= memory || !oldest) return undefined
  debts.delete(oldest[0])
  return oldest[1].id
}
