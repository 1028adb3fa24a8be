import type { Call, Miss } from './call.ts'
import { LoadFailed } from './errors.ts'
import type { Flight, Fresh } from './flight.ts'
import { within } from './guards/budget.ts'
import { latest } from './redis/entry.ts'
import type { Loaded } from './types.ts'

/** Asks the database, for as long as it may take and somebody waits. */
export async function query<V>(
  { cache, loadMany }: Call<V>,
  batch: Miss<V>[],
  flight: Flight,
): Promise<Map<string, Fresh | LoadFailed>> {
  const { load, loadTimeoutMs } = cache.options
  const { signal } = flight
  const ids = batch.map(({ id }) => id)
  const [first = ''] = ids
  const loadedAt = Date.now()
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
  const loaded = async () =>
    loadMany ? loadMany(ids, { signal }) : new Map([[first, await load(first, { signal })]])
  try {
    const all = Promise.race([aborted, loaded()])
    const found = await within(loadTimeoutMs, all, () => new LoadTimeout(loadTimeoutMs))
    return new Map(batch.map(({ id, key }) => [key, freshFrom(id, found.get(id), loadedAt)]))
  } catch (error) {
    flight.abort(error)
    return new Map(batch.map(({ id, key }) => [key, new LoadFailed(id, error)]))
  }
}

function freshFrom<V>(id: string, found: Loaded<V>, loadedAt: number): Fresh | LoadFailed {
  const version = found?.version ?? 0
  if (!(Number.isSafeInteger(version) && version >= 0)) {
    return new LoadFailed(id, new TypeError(`the version ${version} is no safe integer from 0 on`))
  }
  const until = found?.until ?? Number.POSITIVE_INFINITY
  if (!(until > loadedAt && (until === Number.POSITIVE_INFINITY || until <= latest))) {
    const why = `the value ends at ${until}: it must be in ms since the epoch, and after the load began, ${loadedAt}`
    return new LoadFailed(id, new TypeError(why))
  }
  try {
    const body = found?.value === undefined ? undefined : JSON.stringify(found.value)
    return { body, version, loadedAt, until: Math.floor(until) }
  } catch (error) {
    return new LoadFailed(id, error)
  }
}

/** The database took too long. Named as the platform names its own time-outs. */
class LoadTimeout extends Error {
  override name = 'TimeoutError'
  constructor(ms: number) {
    super(`not done after ${ms} ms`)
  }
}
