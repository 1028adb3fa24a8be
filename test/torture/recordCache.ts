import { randomUUID } from 'node:crypto'
import type { CacheAside, CacheEvent, CacheResult, Invalidation, Loaded } from '../../lib/cacheAside/index.ts'
import { sharedNow } from '../support/clock.ts'
import type { Text, textsIn } from '../support/texts.ts'
import { type CacheName, caches, type Load, type Operation, sourceOf } from './history.ts'

/** Records what a process does. */
export interface Recorder {
  process: string
  record: (operation: Operation) => void
}

/**
 * Wraps a cache, and records its calls and their answers.
 *
 * @param options.name which of the caches of its process it is
 * @param options.other the other cache, whose entry a write or an invalidation may also remove
 */
export function recordCache(
  cache: CacheAside<Text>,
  texts: Pick<ReturnType<typeof textsIn>, 'write'>,
  process: string,
  record: Recorder['record'],
  { name = 'text', other }: { name?: CacheName; other?: CacheAside<Text> } = {},
) {
  type Options = { budgetMs?: number }
  const recordResult = (
    id: string,
    start: number,
    end: number,
    result: CacheResult<Text>,
    options: Options,
  ) => {
    if (result.error) return recordError(id, start, end, result.error, options)
    const { version, value, status } = result
    const text = value?.text ?? null
    const from = sourceOf(result)
    const call = { process, cache: name, id, start, end, ...options }
    record({ type: 'answered', ...call, version, text, from, status: statusText(status) })
  }
  const recordError = (id: string, start: number, end: number, error: unknown, options: Options) =>
    record({ type: 'unanswered', process, cache: name, id, start, end, error: String(error), ...options })
  const removedFrom = (also: boolean): CacheName[] => (also && other ? [...caches] : [name])
  const others = (also: boolean) => (also && other ? [other] : [])

  return {
    async get(id: string, options: Options = {}): Promise<void> {
      const start = sharedNow()
      try {
        const result = await cache.get(id, options)
        recordResult(id, start, sharedNow(), result, options)
      } catch (error) {
        recordError(id, start, sharedNow(), error, options)
      }
    },
    async getMany(ids: string[], options: Options = {}): Promise<void> {
      const start = sharedNow()
      const results = await cache.getMany(ids, options)
      const end = sharedNow()
      ids.forEach((id, index) => {
        const result = results[index]
        if (result) recordResult(id, start, end, result, options)
        else recordError(id, start, end, new Error('getMany returned no result for this id'), options)
      })
    },
    async warm(ids: string[]): Promise<void> {
      await cache.warm(ids)
    },
    /** Writes a text that no other write writes, or deletes. Of a commit that fails, the history holds only the removal. */
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
      const removal = { process, id, start: committed, end: sharedNow() }
      record({ type: 'removed', ...removal, caches: removedFrom(also), outcome: invalidation })
    },
    async invalidate(id: string, { version, also = false }: { version?: number; also?: boolean } = {}) {
      const start = sharedNow()
      const options = version === undefined ? {} : { version }
      const outcome = await cache.invalidate(id, { ...options, also: others(also) })
      const end = sharedNow()
      record({ type: 'removed', process, id, start, end, caches: removedFrom(also), outcome, ...options })
    },
  }
}

/** Runs a load, and records when it ran and how it ended. */
export async function recordLoad<T extends Loaded<Text> | Map<string, Loaded<Text>>>(
  cache: CacheName,
  ids: string[],
  signal: AbortSignal,
  load: () => Promise<T>,
  { process, record }: Recorder,
): Promise<T> {
  const start = sharedNow()
  const recordOutcome = (outcomeOf: (id: string) => Load['outcome']) => {
    const end = sharedNow()
    for (const id of ids) record({ type: 'load', process, cache, id, start, end, outcome: outcomeOf(id) })
  }
  // No caller waits for it any more, however long the database still takes.
  const onAbort = () => recordOutcome(() => 'aborted')
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const found = await load()
    if (!signal.aborted) recordOutcome((id) => (valueIn(found, id) === undefined ? 'nothing' : 'value'))
    return found
  } catch (error) {
    if (!signal.aborted) recordOutcome(() => 'failed')
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const valueIn = (found: Loaded<Text> | Map<string, Loaded<Text>>, id: string): Text | undefined =>
  (found instanceof Map ? found.get(id) : found)?.value

/** Returns a listener that records when a cache is bypassed, and when its breaker opens or closes. */
export function recordEvents(cache: CacheName, { process, record }: Recorder) {
  return (event: CacheEvent) => {
    const now = { process, start: sharedNow(), end: sharedNow() }
    if (event.type === 'breaker') record({ type: 'breaker', ...now, id: '', state: event.state })
    if (event.type !== 'bypass') return
    const { id, detail } = event
    record({ type: 'bypassed', ...now, cache, id, detail })
  }
}

const statusText = (status: object): string =>
  Object.entries(status)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join('; ')
