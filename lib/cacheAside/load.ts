import type { Loaded } from './contract.ts'
import { LoadFailed } from './contract.ts'
import { within } from './timeLimit.ts'

/** A value as the database gave it, with the text that is stored and served. */
export interface Fresh<V> {
  value: V | undefined
  body: string | undefined
  version: number
  /** When the load began, ms since the epoch. */
  loadedAt: number
}

/**
 * Loads a value within `ms` milliseconds.
 *
 * @throws {LoadFailed} with the cause: the database's error, the time-out, or a version that is no safe integer
 */
export async function loadFresh<V>(
  id: string,
  load: (id: string, context: { signal: AbortSignal }) => Promise<Loaded<V>>,
  ms: number,
): Promise<Fresh<V>> {
  const loadedAt = Date.now()
  const abort = new AbortController()
  try {
    const loaded = await within(
      ms,
      load(id, { signal: abort.signal }),
      () => new Error(`not done after ${ms} ms`),
    )
    const version = loaded?.version ?? 0
    if (!Number.isSafeInteger(version)) throw new TypeError(`the version ${version} is no safe integer`)
    const value = loaded?.value
    return { value, body: value === undefined ? undefined : JSON.stringify(value), version, loadedAt }
  } catch (error) {
    abort.abort(error)
    throw new LoadFailed(id, error)
  }
}
