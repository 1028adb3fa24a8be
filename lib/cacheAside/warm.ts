import type { Context } from './context.ts'
import { getMany } from './getMany.ts'
import type { CacheResult, Warmed } from './types.ts'

/** How many ids are asked for at a time: as many as one `loadMany` reads. */
const chunkSize = 100

/** Fills what is missing or stale, a chunk of ids at a time. */
export async function warm<V>(cache: Context<V>, ids: readonly string[]): Promise<Warmed> {
  const warmed: Warmed = { filled: 0, fresh: 0, failed: [] }
  const unique = [...new Set(ids)]
  let isAway = false
  for (let at = 0; at < unique.length; at += chunkSize) {
    const chunk = unique.slice(at, at + chunkSize)
    // If Redis was away for a whole chunk, nothing can be filled, so the database gets no more loads.
    const results: CacheResult<V>[] = isAway ? [] : await getMany(cache, chunk, Number.POSITIVE_INFINITY)
    isAway ||= results.every(({ status }) => status.fwd === 'bypass')
    for (const [index, id] of chunk.entries()) countResult(warmed, id, results[index])
  }
  return warmed
}

function countResult<V>(warmed: Warmed, id: string, result: CacheResult<V> | undefined): void {
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
      error:
        result?.error ??
        new Error(
          `Not stored: ${result?.status.detail ?? 'Redis is away or full, or a write came in between'}; warm it again`,
        ),
    })
}
