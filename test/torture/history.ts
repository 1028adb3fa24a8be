import { randomUUID } from 'node:crypto'
import type { CacheAside, CacheEvent, CacheResult, Invalidation, Loaded } from '../../lib/cacheAside/index.ts'
import { sharedNow } from '../support/clock.ts'
import type { Text, textsIn } from '../support/texts.ts'

/** What one process did and saw. Times are by the clock that all processes share, ms. */
export type Operation = Got | Committed | Removed | Unanswered | Load | Bypassed | Breaker

/** The caches of a process. They keep the same texts; a write through one may remove the entry of the other, too. */
export const caches = ['text', 'copy'] as const
export type CacheName = (typeof caches)[number]

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
  cache: CacheName
  version: number
  /** null: it did not exist. */
  text: string | null
  from: Source
  /** The status that the answer carried. */
  status: string
  budgetMs?: number
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
  caches: CacheName[]
  outcome: Invalidation
  /** Of an `invalidate` that spares what is at least as new. */
  version?: number
}

/** A `get` that threw. */
export interface Unanswered extends Done {
  type: 'unanswered'
  cache: CacheName
  error: string
  budgetMs?: number
}

/** A load of the database, from when it was called. */
export interface Load extends Done {
  type: 'load'
  cache: CacheName
  /** `gone`: its signal was aborted before it had read. */
  outcome: 'value' | 'nothing' | 'failed' | 'gone'
}

/** A cache was left out: from now on its process may load this id without a lease. */
export interface Bypassed extends Done {
  type: 'bypassed'
  cache: CacheName
  detail: string
}

/** The circuit breaker of a process has opened or closed; it is no operation on an id. */
export interface Breaker extends Done {
  type: 'breaker'
  state: 'open' | 'closed'
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

/** Writes down what a process does. */
export interface Recorder {
  process: string
  record: (operation: Operation) => void
}

/**
 * A cache that writes down what it is asked and what it answers.
 *
 * @param options.name which of the caches of its process it is
 * @param options.other the other one, whose entry a write or an invalidation may remove as well
 */
export function recorded(
  cache: CacheAside<Text>,
  texts: Pick<ReturnType<typeof textsIn>, 'write'>,
  process: string,
  record: Recorder['record'],
  { name = 'text', other }: { name?: CacheName; other?: CacheAside<Text> } = {},
) {
  type Options = { budgetMs?: number }
  const got = (id: string, start: number, end: number, result: CacheResult<Text>, options: Options) => {
    if (result.error) return unanswered(id, start, end, result.error, options)
    const { version, value, status } = result
    const text = value?.text ?? null
    const from = sourceOf(result)
    const done = { process, cache: name, id, start, end, ...options }
    record({ type: 'got', ...done, version, text, from, status: inWords(status) })
  }
  const unanswered = (id: string, start: number, end: number, error: unknown, options: Options) =>
    record({ type: 'unanswered', process, cache: name, id, start, end, error: String(error), ...options })
  const removedFrom = (also: boolean): CacheName[] => (also && other ? [...caches] : [name])
  const others = (also: boolean) => (also && other ? [other] : [])

  return {
    async get(id: string, options: Options = {}): Promise<void> {
      const start = sharedNow()
      try {
        const result = await cache.get(id, options)
        got(id, start, sharedNow(), result, options)
      } catch (error) {
        unanswered(id, start, sharedNow(), error, options)
      }
    },
    async getMany(ids: string[], options: Options = {}): Promise<void> {
      const start = sharedNow()
      const results = await cache.getMany(ids, options)
      const end = sharedNow()
      ids.forEach((id, index) => {
        const result = results[index]
        if (result) got(id, start, end, result, options)
        else unanswered(id, start, end, new Error('getMany has left it out'), options)
      })
    },
    async warm(ids: string[]): Promise<void> {
      await cache.warm(ids)
    },
    /** Writes a text that no other write writes, or deletes. A commit that fails is nothing to the history but a removal. */
    async write(id: string, { remove = false, also = false } = {}): Promise<void> {
      const text = remove ? null : randomUUID()
      const start = sharedNow()
      let committed = start
      const commit = async () => {
        try {
          const written = await texts.write(id, text)
          const { version } = written
          record({ type: 'committed', process, id, start, end: sharedNow(), version, text })
          return written
        } finally {
          committed = sharedNow()
        }
      }
      const { invalidation } = await cache
        .write(id, commit, { also: others(also) })
        .catch((error: { invalidation: Invalidation }) => error)
      const done = { process, id, start: committed, end: sharedNow() }
      record({ type: 'removed', ...done, caches: removedFrom(also), outcome: invalidation })
    },
    async invalidate(id: string, { version, also = false }: { version?: number; also?: boolean } = {}) {
      const start = sharedNow()
      const named = version === undefined ? {} : { version }
      const outcome = await cache.invalidate(id, { ...named, also: others(also) })
      const end = sharedNow()
      record({ type: 'removed', process, id, start, end, caches: removedFrom(also), outcome, ...named })
    },
  }
}

/** A load that writes down when it ran and how it ended. */
export async function recordedLoad<T extends Loaded<Text> | Map<string, Loaded<Text>>>(
  cache: CacheName,
  ids: string[],
  signal: AbortSignal,
  load: () => Promise<T>,
  { process, record }: Recorder,
): Promise<T> {
  const start = sharedNow()
  const note = (outcomeOf: (id: string) => Load['outcome']) => {
    const end = sharedNow()
    for (const id of ids) record({ type: 'load', process, cache, id, start, end, outcome: outcomeOf(id) })
  }
  // Nobody waits for it any more, however long the database still takes.
  const gone = () => note(() => 'gone')
  signal.addEventListener('abort', gone, { once: true })
  try {
    const found = await load()
    if (!signal.aborted) note((id) => (valueIn(found, id) === undefined ? 'nothing' : 'value'))
    return found
  } catch (error) {
    if (!signal.aborted) note(() => 'failed')
    throw error
  } finally {
    signal.removeEventListener('abort', gone)
  }
}

const valueIn = (found: Loaded<Text> | Map<string, Loaded<Text>>, id: string): Text | undefined =>
  (found instanceof Map ? found.get(id) : found)?.value

/** Writes down when a cache is left out, and when it is known that it has to be. */
export function recordedEvents(cache: CacheName, { process, record }: Recorder) {
  return (event: CacheEvent) => {
    const now = { process, start: sharedNow(), end: sharedNow() }
    if (event.type === 'breaker') record({ type: 'breaker', ...now, id: '', state: event.state })
    if (event.type !== 'bypass') return
    const { id, detail } = event
    record({ type: 'bypassed', ...now, cache, id, detail })
  }
}

const inWords = (status: object): string =>
  Object.entries(status)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join('; ')
