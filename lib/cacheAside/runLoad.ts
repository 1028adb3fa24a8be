import type { Call, Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import type { Flight, LoadedValue } from './flight.ts'
import { within } from './guards/timeout.ts'
import { latestTime } from './redis/entry.ts'
import type { Loaded } from './types.ts'

/**
 * Loads a batch from the database, and returns what it found by key. Stops when the flight is aborted or
 * `loadTimeoutMs` has run out. Never throws.
 */
export async function runLoad<V>(
  { cache, loadMany }: Call<V>,
  batch: Miss<V>[],
  flight: Flight,
): Promise<Map<string, LoadedValue | LoadFailed>> {
  const { load, loadTimeoutMs } = cache.options
  const { signal } = flight
  const ids = batch.map(({ id }) => id)
  const [first = ''] = ids
  const loadedAt = Date.now()
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
  const loadAll = async (): Promise<Map<string, Loaded<V> | Error>> =>
    loadMany ? loadMany(ids, { signal }) : new Map([[first, await load(first, { signal })]])
  try {
    const all = Promise.race([aborted, loadAll()])
    const found = await within(loadTimeoutMs, all, () => new LoadTimeout(loadTimeoutMs))
    return new Map(batch.map(({ id, key }) => [key, toLoadedValue(id, found.get(id), loadedAt)]))
  } catch (error) {
    flight.abort(error)
    return new Map(batch.map(({ id, key }) => [key, new LoadFailed(id, error)]))
  }
}

/** Checks what a load found, and converts it to text. */
function toLoadedValue<V>(id: string, found: Loaded<V> | Error, loadedAt: number): LoadedValue | LoadFailed {
  if (found instanceof Error) return new LoadFailed(id, found)
  const version = found?.version ?? 0
  if (!(Number.isSafeInteger(version) && version >= 0)) {
    return new LoadFailed(id, new TypeError(`the version is ${version}: it must be a safe integer from 0`))
  }
  const until = found?.until ?? Number.POSITIVE_INFINITY
  if (!(until > loadedAt && (until === Number.POSITIVE_INFINITY || until <= latestTime))) {
    const reason = `until is ${until}: it must be in ms since the epoch and later than the start of the load, ${loadedAt}`
    return new LoadFailed(id, new TypeError(reason))
  }
  try {
    const body = found?.value === undefined ? undefined : JSON.stringify(found.value)
    return { body, version, loadedAt, until: Math.floor(until) }
  } catch (error) {
    return new LoadFailed(id, error)
  }
}

/** The database took too long. It has the name of the platform's own timeouts. */
class LoadTimeout extends Error {
  override name = 'TimeoutError'
  constructor(ms: number) {
    super(`the load did not finish within ${ms} ms`)
  }
}
