import type { Read, Write } from './history.ts'

/** The longest time for which a process without Redis serves its own last load, by default, ms. */
export const fallbackMs = 1_000

/**
 * Why a read was stale:
 *
 * - `afterDone`: Redis had confirmed the removal. This must never happen.
 * - `afterDeferred`: the removal was deferred, and the stream had not delivered it yet
 * - `fallback`: Redis was unavailable, and the process served its own last load
 * - `oldFallback`: it did so for longer than {@link fallbackMs}. This must never happen.
 */
export type StaleCause = 'afterDone' | 'afterDeferred' | 'fallback' | 'oldFallback'

/**
 * Finds the stale reads, each with its cause. A read is stale if it shows an older version than a write that was
 * acknowledged before the read began.
 */
export function findStaleReads(reads: Read[], writes: Write[]): Map<Read, StaleCause> {
  const acknowledgedOf = new Map<string, { at: number; version: number; isDone: boolean }[]>()
  for (const { id, acknowledged } of writes) {
    if (acknowledged?.version === undefined) continue
    const { at, version, invalidation } = acknowledged
    const ofProduct = acknowledgedOf.get(id) ?? []
    acknowledgedOf.set(id, ofProduct)
    ofProduct.push({ at, version, isDone: invalidation === 'done' })
  }
  const stale = new Map<Read, StaleCause>()
  for (const read of reads) {
    const missing = Object.entries(read.versions).flatMap(([id, version]) =>
      (acknowledgedOf.get(id) ?? []).filter((write) => write.at < read.start && write.version > version),
    )
    if (missing.length === 0) continue
    const staleMs = read.start - Math.min(...missing.map(({ at }) => at))
    const wasDone = missing.some(({ isDone }) => isDone)
    stale.set(read, causeOf(read, staleMs > fallbackMs, wasDone))
  }
  return stale
}

function causeOf({ cache, entries }: Read, isOld: boolean, wasDone: boolean): StaleCause {
  if (/detail=fallback/.test(cache)) return isOld ? 'oldFallback' : 'fallback'
  // `Cache-Status` of a list describes its worst entry. Another entry may have been a hit or a fallback.
  const isPartlyBypassed = entries.length > 1 && /fwd=bypass/.test(cache)
  if (isPartlyBypassed && !isOld) return 'fallback'
  return wasDone ? 'afterDone' : 'afterDeferred'
}

/** Counts the reads that show an older version of an entry than their process had shown before they began. */
export function countRegressions(reads: Read[]): number {
  /** The versions that were shown, in order, by process and entry. */
  const shown = new Map<string, { end: number; version: number }[]>()
  let count = 0
  for (const { start, end, process, entries, versions } of reads.toSorted((a, b) => a.end - b.end)) {
    for (const entry of entries) {
      const version = versions[entry.split(' ')[1] ?? '']
      if (version === undefined) continue
      const key = `${process} ${entry}`
      const before = shown.get(key) ?? []
      shown.set(key, before)
      if (before.some((earlier) => earlier.end < start && earlier.version > version)) count++
      before.push({ end, version })
    }
  }
  return count
}
