import { randomUUID } from 'node:crypto'
import type { CacheAside, CacheResult, Invalidation } from '../../lib/cacheAside/index.ts'
import { sharedNow } from '../support/clock.ts'
import type { Text, textsIn } from '../support/texts.ts'

/** What one process did and saw. Times are by the clock that all processes share, ms. */
export type Operation = Got | Committed | Removed | Unanswered

interface Done {
  process: string
  id: string
  /** Read before the operation was begun. */
  start: number
  /** Read after it had resolved. */
  end: number
}

/** A `get`, or one id of a `getMany`. */
export interface Got extends Done {
  type: 'got'
  version: number
  /** null: it did not exist. */
  text: string | null
  from: Source
  /** The status that the answer carried, for the reader of a violation. */
  status: string
}

/** A change that the database has confirmed. */
export interface Committed extends Done {
  type: 'committed'
  version: number
  text: string | null
}

/** The removal of a `write`, from the end of its commit on, or an `invalidate`. */
export interface Removed extends Done {
  type: 'removed'
  outcome: Invalidation
  /** Of an `invalidate` that spares what is at least as new. */
  version?: number
}

/** A `get` that threw. */
export interface Unanswered extends Done {
  type: 'unanswered'
  error: string
}

/**
 * Where an answer came from: what Redis held or another caller's load (`cache`), this call's own load (`database`), or
 * what the process had loaded a moment ago, Redis being away (`fallback`).
 */
export type Source = 'cache' | 'database' | 'fallback'

export function sourceOf({ status }: Pick<CacheResult<unknown>, 'status'>): Source {
  if (status.detail === 'fallback') return 'fallback'
  // Below zero: a stale value, because somebody else loads or because the load has failed.
  if (status.hit || status.collapsed || (status.ttl ?? 0) < 0) return 'cache'
  return 'database'
}

/** A cache that writes down what it is asked and what it answers. */
export function recorded(
  cache: CacheAside<Text>,
  texts: Pick<ReturnType<typeof textsIn>, 'write'>,
  process: string,
  record: (operation: Operation) => void,
) {
  const got = (id: string, start: number, end: number, result: CacheResult<Text>) => {
    if (result.error) return unanswered(id, start, end, result.error)
    const { version, value, status } = result
    const text = value?.text ?? null
    record({
      type: 'got',
      process,
      id,
      start,
      end,
      version,
      text,
      from: sourceOf(result),
      status: inWords(status),
    })
  }
  const unanswered = (id: string, start: number, end: number, error: unknown) =>
    record({ type: 'unanswered', process, id, start, end, error: String(error) })

  return {
    async get(id: string): Promise<void> {
      const start = sharedNow()
      try {
        const result = await cache.get(id)
        got(id, start, sharedNow(), result)
      } catch (error) {
        unanswered(id, start, sharedNow(), error)
      }
    },
    async getMany(ids: string[]): Promise<void> {
      const start = sharedNow()
      const results = await cache.getMany(ids)
      const end = sharedNow()
      ids.forEach((id, index) => {
        const result = results[index]
        if (result) got(id, start, end, result)
        else unanswered(id, start, end, new Error('getMany has left it out'))
      })
    },
    /** Writes a text that no other write writes, or deletes. A commit that fails is nothing to the history but a removal. */
    async write(id: string, { remove = false }: { remove?: boolean } = {}): Promise<void> {
      const text = remove ? null : randomUUID()
      const start = sharedNow()
      let committed = start
      const { invalidation } = await cache
        .write(id, async () => {
          try {
            const written = await texts.write(id, text)
            record({
              type: 'committed',
              process,
              id,
              start,
              end: sharedNow(),
              version: written.version,
              text,
            })
            return written
          } finally {
            committed = sharedNow()
          }
        })
        .catch((error: { invalidation: Invalidation }) => error)
      record({ type: 'removed', process, id, start: committed, end: sharedNow(), outcome: invalidation })
    },
    async invalidate(id: string, version?: number): Promise<void> {
      const start = sharedNow()
      const outcome = await cache.invalidate(id, version === undefined ? {} : { version })
      const end = sharedNow()
      record({ type: 'removed', process, id, start, end, outcome, ...(version !== undefined && { version }) })
    },
  }
}

const inWords = (status: object): string =>
  Object.entries(status)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join('; ')
