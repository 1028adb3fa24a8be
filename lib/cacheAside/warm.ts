import type { CacheResult, Warmed } from './contract.ts'
import { getMany } from './getMany.ts'
import type { Context } from './index.ts'

/** How many ids are asked for at once: as many as one loadMany reads. */
const chunk = 100

/** Fills what is missing or stale, some at a time. */
export async function warm<V>(cache: Context<V>, ids: readonly string[]): Promise<Warmed> {
  const warmed: Warmed = { filled: 0, fresh: 0, failed: [] }
  const unique = [...new Set(ids)]
  let away = false
  for (let at = 0; at < unique.length; at += chunk) {
    const some = unique.slice(at, at + chunk)
    // Once Redis was away for a whole chunk nothing can be filled, and the database is left alone.
    const results: CacheResult<V>[] = away ? [] : await getMany(cache, some, Number.POSITIVE_INFINITY)
    away ||= results.every(({ status }) => status.fwd === 'bypass')
    for (const [index, id] of some.entries()) count(warmed, id, results[index])
  }
  return warmed
}

function count<V>(warmed: Warmed, id: string, result: CacheResult<V> | undefined): void {
  if (result?.status.stored) warmed.filled++
  else if (
    result &&
    !result.error &&
    (result.status.hit || result.status.collapsed) &&
    result.status.fwd !== 'bypass'
  )
    warmed.fresh++
  else
    warmed.failed.push({
      id,
      error: result?.error ?? new Error(`Not stored: ${result?.status.detail ?? 'Redis is away'}`),
    })
}
