import type { Cluster, Redis } from 'ioredis'
import { sharedPart } from './keys.ts'
import { removeAll, removeOlder } from './removal.ts'

/** How many ids each of the two lists holds at most. */
const maxIds = 10_000

/** A removal of one id that Redis has not confirmed. */
interface Removal {
  id: string
  keys: Set<string>
  /** If set, only what is older than this version is removed. */
  version?: number
}

type Removals = Map<string, Removal>

/**
 * The removals that this process still has to deliver to Redis: those that Redis did not confirm, and, for
 * each value that was served but not stored, the removal of everything older. Until they are delivered, the
 * process does not read those keys: it would miss its own writes, or serve something older than it has
 * already served.
 */
export class Outbox {
  readonly #redis: Redis | Cluster
  readonly #onAdd: () => void
  /**
   * By the part that all keys of an id share; the oldest first. An addition to an id makes its removal the
   * newest.
   */
  readonly #unconfirmed: Removals = new Map()
  /** Separate, so that removals added by reads never push out the removal of a write. */
  readonly #served: Removals = new Map()

  /** @param onAdd called for each addition, before any key is read again */
  constructor(redis: Redis | Cluster, onAdd: () => void) {
    this.#redis = redis
    this.#onAdd = onAdd
  }

  /** Whether any removal is left to deliver. */
  get hasAny(): boolean {
    return this.#unconfirmed.size > 0 || this.#served.size > 0
  }

  /** Whether a removal is left to deliver for the id of this key. */
  has(key: string): boolean {
    if (!this.hasAny) return false
    const shared = sharedPart(key)
    return this.#unconfirmed.has(shared) || this.#served.has(shared)
  }

  /**
   * Returns the lowest version that this process can accept from a key if it sends the removal and the read
   * in the same round trip: an entry of at least that version did not need the removal. Undefined if the
   * removal has to be confirmed before the read.
   */
  minVersionAt(key: string): number | undefined {
    const shared = sharedPart(key)
    return this.#unconfirmed.has(shared) ? undefined : this.#served.get(shared)?.version
  }

  /** Adds a removal that Redis did not confirm. @returns the id that was forgotten to make room, if any */
  add(id: string, keys: string[]): string | undefined {
    const forgotten = merge(this.#unconfirmed, sharedPart(keys[0] ?? ''), { id, keys: new Set(keys) })
    this.#onAdd()
    return forgotten
  }

  /**
   * Adds a value that was served but not stored. Everything older will be removed; if the id never existed
   * (version 0), whatever the keys hold. Beyond the limit the oldest are forgotten without an event, because
   * no write depends on them.
   */
  addServed(id: string, keys: string[], version: number): void {
    merge(this.#served, sharedPart(keys[0] ?? ''), {
      id,
      keys: new Set(keys),
      ...(version > 0 && { version }),
    })
    this.#onAdd()
  }

  /**
   * Yields one key of each id with a removal to deliver: first the unconfirmed removals; each list with the
   * oldest first.
   */
  *keys(): Generator<string> {
    for (const removals of [this.#unconfirmed, this.#served]) {
      for (const {
        keys: [key],
      } of removals.values())
        if (key !== undefined) yield key
    }
  }

  /**
   * Delivers the removals for the id of a key.
   *
   * @throws what Redis throws; the removals then stay in the outbox
   */
  async deliver(key: string): Promise<void> {
    const shared = sharedPart(key)
    await Promise.all(
      [this.#unconfirmed, this.#served].map((removals) => this.#deliverFrom(removals, shared)),
    )
  }

  async #deliverFrom(removals: Removals, shared: string): Promise<void> {
    const removal = removals.get(shared)
    if (!removal) return
    const { id, version } = removal
    const keys = [...removal.keys]
    await (version === undefined ? removeAll(this.#redis, keys) : removeOlder(this.#redis, id, keys, version))
    // A removal that was added in the meantime has replaced this one, and stays.
    if (removals.get(shared) === removal) removals.delete(shared)
  }
}

/**
 * Merges a removal into the one that its id already has.
 *
 * @returns the id that was forgotten to make room, if any
 */
function merge(removals: Removals, shared: string, { id, keys, version }: Removal): string | undefined {
  const known = removals.get(shared)
  const merged: Removal = { id, keys: new Set([...(known?.keys ?? []), ...keys]) }
  if (version !== undefined && !(known && known.version === undefined))
    merged.version = Math.max(version, known?.version ?? 0)
  removals.delete(shared)
  removals.set(shared, merged)
  const [oldest] = removals
  if (removals.size <= maxIds || !oldest) return undefined
  removals.delete(oldest[0])
  return oldest[1].id
}
