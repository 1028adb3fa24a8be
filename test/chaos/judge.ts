import type { Audit } from './audit.ts'
import type { Fault } from './faults.ts'
import type { History, Read, Write } from './history.ts'

/** How long a process that cannot reach Redis answers with its own last load at the most, by default, ms. */
const fallbackMs = 1_000

/** How long after a fault all is as before at the latest, ms: until then the stream has delivered what it could not. */
const cleanWithinMs = 10_000
/** How long after DynamoDB is back reads may fail, ms: a try that was under way may take as long. */
const backWithinMs = 3_000

/** Reads that showed less than somebody had been told was written, by how that may be. */
export interface Stale {
  /** The entries were removed: never. */
  afterDone: number
  /** The removal was deferred, and the stream had not delivered it yet. */
  afterDeferred: number
  /** Redis could not be reached, and the process answered with its own last load. */
  fallback: number
  /** Longer than {@link fallbackMs}: never. */
  oldFallback: number
  /** Deferred, and still so when the stream should long have delivered it: never. */
  afterLong: number
}

/** What a fault cost. */
export interface Verdict {
  reads: number
  /** Of those that began during the fault, and after it. */
  failed: number
  failedAfter: number
  /** Of those after it, such as began later than {@link backWithinMs}. */
  failedLong: number
  /** The share of reads during the fault that failed. */
  failedShare: number
  writes: number
  acknowledged: number
  /** Attempts to write that were answered with 5xx or not at all. */
  refused: number
  deferred: number
  lost: number
  doubled: number
  stale: Stale
  /** Reads that showed less than their process had shown before. */
  wentBack: number
  /** Of reads, ms: before, during and after. */
  p99: [number, number, number]
  /** Until no read failed, went past Redis or was stale, and no write was refused or deferred, s. */
  cleanAfter: number
}

/** When something was not as it should be for the last time, but not before the fault was over. */
export function lastTrouble({ reads, writes, over }: History): number {
  const stale = staleReads(reads, writes)
  const troubled = [
    ...reads
      .filter((read) => read.failure || /fwd=bypass|load-failed/.test(read.cache) || stale.has(read))
      .map(({ end }) => end),
    ...writes.flatMap(({ refusals }) => refusals.map(({ at }) => at)),
    ...writes.flatMap(({ acknowledged }) =>
      acknowledged?.invalidation === 'deferred' ? [acknowledged.at] : [],
    ),
  ]
  return Math.max(over, ...troubled)
}

export function judge(history: History, audit: Audit): Verdict {
  const { reads, writes, struck, over } = history
  const of = (from: number, to: number) => reads.filter(({ start }) => start >= from && start < to)
  const phases = [of(0, struck), of(struck, over), of(over, Number.POSITIVE_INFINITY)] as const
  const failed = (some: Read[]) => some.filter(({ failure }) => failure).length
  const [, during, after] = phases
  const stale: Stale = { afterDone: 0, afterDeferred: 0, fallback: 0, oldFallback: 0, afterLong: 0 }
  for (const [{ start }, kind] of staleReads(reads, writes)) {
    const isLong = kind === 'afterDeferred' && start > over + cleanWithinMs
    stale[isLong ? 'afterLong' : kind]++
  }
  const acknowledged = writes.flatMap((write) => write.acknowledged ?? [])
  return {
    reads: during.length,
    failed: failed(during),
    failedAfter: failed(after),
    failedLong: failed(of(over + backWithinMs, Number.POSITIVE_INFINITY)),
    failedShare: during.length === 0 ? 0 : failed(during) / during.length,
    writes: writes.length,
    acknowledged: acknowledged.length,
    refused:
      writes.flatMap(({ refusals }) => refusals.filter(({ why }) => !/^4/.test(why))).length +
      writes.filter(({ isRefused }) => isRefused).length,
    deferred: acknowledged.filter(({ invalidation }) => invalidation === 'deferred').length,
    ...audit,
    stale,
    wentBack: wentBack(reads),
    p99: phases.map(p99) as [number, number, number],
    cleanAfter: (lastTrouble(history) - over) / 1000,
  }
}

/** What was promised and not kept, in words. */
export function broken(fault: Fault, verdict: Verdict): string[] {
  const { reads, failed, failedAfter, failedLong, refused, lost, doubled, stale, wentBack, cleanAfter } =
    verdict
  const wrong: [count: number, what: string][] = [
    [lost, 'acknowledged writes are lost'],
    [doubled, 'writes under one key have happened twice'],
    [stale.afterDone, 'reads showed what a write had removed'],
    [stale.oldFallback, `reads showed a load of their own that was older than ${fallbackMs} ms`],
    [stale.afterLong, `reads were still stale ${cleanWithinMs / 1000} s after the fault`],
    [wentBack, 'reads showed less than their process had shown before'],
    [fault.isDatabaseAway ? failedLong : failed + failedAfter, 'reads failed though DynamoDB was there'],
    [fault.isDatabaseAway ? 0 : refused, 'attempts to write failed though DynamoDB was there'],
    [cleanAfter > cleanWithinMs / 1000 ? 1 : 0, `time all was not as before for ${cleanWithinMs / 1000} s`],
    [reads === 0 ? 1 : 0, 'time nobody read anything'],
  ]
  return wrong.filter(([count]) => count > 0).map(([count, what]) => `${fault.name}: ${count} ${what}`)
}

/** By how much more of the reads may fail while writers go on, with DynamoDB away. */
const mostByWriters = 0.02

/** Whether writers make reads fail while DynamoDB is away, in words: what they try again must take nothing from the cache. */
export function comparison(verdicts: Map<Fault, Verdict>): string[] {
  const shareOf = (wanted: string) => [...verdicts].find(([{ name }]) => name === wanted)?.[1].failedShare
  return ['killed', 'stopped'].flatMap((how) => {
    const [without, beside] = [
      shareOf(`DynamoDB is ${how}, nobody writes`),
      shareOf(`DynamoDB is ${how}, writers go on`),
    ]
    if (without === undefined || beside === undefined || beside <= without + mostByWriters) return []
    const shares = [beside, without].map((share) => `${(share * 100).toFixed(1)} %`).join(' instead of ')
    return [`DynamoDB is ${how}: ${shares} of the reads failed since writers went on`]
  })
}

function staleReads(reads: Read[], writes: Write[]): Map<Read, keyof Stale> {
  const told = new Map<string, { at: number; version: number; isDone: boolean }[]>()
  for (const { id, acknowledged } of writes) {
    if (acknowledged?.version === undefined) continue
    const { at, version, invalidation } = acknowledged
    const list = told.get(id) ?? []
    told.set(id, list)
    list.push({ at, version, isDone: invalidation === 'done' })
  }
  const stale = new Map<Read, keyof Stale>()
  for (const read of reads) {
    const unseen = Object.entries(read.versions).flatMap(([id, version]) =>
      (told.get(id) ?? []).filter((write) => write.at < read.start && write.version > version),
    )
    if (unseen.length === 0) continue
    const isFallback = /detail=fallback/.test(read.cache)
    // A list tells the worst that befell one of its entries: another one may have been a hit, or the process' own load.
    const isMixed = read.entries.length > 1 && /fwd=bypass/.test(read.cache)
    const since = read.start - Math.min(...unseen.map(({ at }) => at))
    stale.set(
      read,
      kindOf({
        isFallback,
        isMixed,
        isOld: since > fallbackMs,
        wasDone: unseen.some(({ isDone }) => isDone),
      }),
    )
  }
  return stale
}

function kindOf(read: {
  isFallback: boolean
  isMixed: boolean
  isOld: boolean
  wasDone: boolean
}): keyof Stale {
  const { isFallback, isMixed, isOld, wasDone } = read
  if (isFallback) return isOld ? 'oldFallback' : 'fallback'
  if (isMixed && !isOld) return 'fallback'
  return wasDone ? 'afterDone' : 'afterDeferred'
}

function wentBack(reads: Read[]): number {
  /** By process and entry: what was shown, in the order in which it was. */
  const shown = new Map<string, { end: number; version: number }[]>()
  let count = 0
  for (const { start, end, sandbox, entries, versions } of reads.toSorted((a, b) => a.end - b.end)) {
    for (const entry of entries) {
      const version = versions[entry.split(' ')[1] ?? '']
      if (version === undefined) continue
      const key = `${sandbox} ${entry}`
      const before = shown.get(key) ?? []
      shown.set(key, before)
      if (before.some((one) => one.end < start && one.version > version)) count++
      before.push({ end, version })
    }
  }
  return count
}

function p99(reads: Read[]): number {
  const sorted = reads.map(({ start, end }) => end - start).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0
}
