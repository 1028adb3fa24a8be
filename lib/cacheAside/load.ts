import { type Call, stored } from './call.ts'
import { type CacheResult, type Loaded, LoadFailed, Overloaded } from './contract.ts'
import { within } from './timeLimit.ts'

/** The database took too long. Named as the platform names its own time-outs. */
class LoadTimeout extends Error {
  override name = 'TimeoutError'
  constructor(ms: number) {
    super(`not done after ${Math.round(ms)} ms`)
  }
}

/** A value as the database gave it, with the text that is stored and served. */
export interface Fresh<V> {
  value: V | undefined
  body: string | undefined
  version: number
  /** When the load began, ms since the epoch. */
  loadedAt: number
}

/**
 * Loads one value in a slot, within the call's time.
 *
 * @throws {LoadFailed} with the cause: the database's error, the time-out, or a version that is no safe integer
 * @throws {Overloaded} when no slot came free in time
 */
export async function loadOne<V>(call: Call<V>): Promise<Fresh<V>> {
  const { cache, id } = call
  const [result] = await loadAll(
    [call],
    async (_, context) => new Map([[id, await cache.options.load(id, context)]]),
  )
  if (!result || result instanceof Error) throw result
  return result
}

/** Loads many values by one `loadMany`, or each by `load`. Each has its own error in its place. */
export async function loadEach<V>(calls: Call<V>[]): Promise<(Fresh<V> | Error)[]> {
  const loadMany = calls[0]?.cache.options.loadMany
  if (loadMany) return loadAll(calls, loadMany)
  return Promise.all(calls.map((call) => loadOne(call).catch((error: Error) => error)))
}

async function loadAll<V>(
  calls: Call<V>[],
  load: (ids: string[], context: { signal: AbortSignal }) => Promise<Map<string, Loaded<V>>>,
): Promise<(Fresh<V> | Error)[]> {
  const [first] = calls
  if (!first) return []
  const { cache, id, deadline } = first
  const { loadTimeoutMs, waitMs } = cache.options
  const abort = new AbortController()
  let start = performance.now()
  try {
    return await cache.slots.run(
      Math.min(waitMs, deadline - start),
      () => new Overloaded(id),
      async () => {
        start = performance.now()
        const loadedAt = Date.now()
        const ms = Math.min(loadTimeoutMs, deadline - start)
        const values = await within(
          ms,
          load(
            calls.map((call) => call.id),
            { signal: abort.signal },
          ),
          () => new LoadTimeout(ms),
        )
        return calls.map((call) => fresh(call, values.get(call.id), loadedAt, performance.now() - start))
      },
    )
  } catch (error) {
    abort.abort(error)
    const duration = performance.now() - start
    return calls.map((call) => {
      if (!(error instanceof Overloaded)) return failed(call, duration, error)
      cache.emit?.({ type: 'overloaded', id: call.id })
      return new Overloaded(call.id)
    })
  }
}

function fresh<V>(
  call: Call<V>,
  found: Loaded<V>,
  loadedAt: number,
  duration: number,
): Fresh<V> | LoadFailed {
  const version = found?.version ?? 0
  if (!(Number.isSafeInteger(version) && version >= 0)) {
    return failed(call, duration, new TypeError(`the version ${version} is no safe integer from 0 on`))
  }
  try {
    const value = found?.value
    const body = value === undefined ? undefined : JSON.stringify(value)
    call.cache.emit?.({ type: 'load', id: call.id, duration, version })
    return { value, body, version, loadedAt }
  } catch (error) {
    return failed(call, duration, error)
  }
}

function failed<V>({ cache, id }: Call<V>, duration: number, cause: unknown): LoadFailed {
  const error = new LoadFailed(id, cause)
  cache.emit?.({ type: 'load-failed', id, duration, error })
  return error
}

/**
 * What answers when a load has failed: the stale entry that this call has found, if it is not too old.
 *
 * @throws the error of the load, where there is none
 */
export function staleOr<V>(call: Call<V>, error: unknown): CacheResult<V> {
  if (call.stale && servesOnError(call))
    return stored(call, call.stale, { hit: false, fwd: 'stale', detail: 'load-failed' })
  throw error
}

/** Whether the stale entry of this call may be served in place of an error. */
export function servesOnError<V>({ cache, stale }: Call<V>): boolean {
  const { staleWhileRevalidate, staleIfError } = cache.options
  return !!stale && Date.now() - stale.loadedAt < stale.freshMs + Math.max(staleWhileRevalidate, staleIfError)
}
