import type { Audit } from './audit.ts'
import type { History, Read } from './history.ts'
import { countRegressions, findStaleReads, type StaleCause } from './staleReads.ts'

/** How soon after a fault the catalogue must have recovered, ms. By then the stream has delivered every deferred removal. */
export const recoveryMs = 10_000
/** For how long after DynamoDB is back reads may fail, ms: an attempt that is in progress may take as long. */
const lateFailureMs = 3_000

/** What a fault costs. */
export interface Cost {
  /** The reads that began during the fault. */
  reads: number
  /** The failed reads among them. */
  failed: number
  /** The failed reads that began after the fault. */
  failedAfter: number
  /** The failed reads that began later than {@link lateFailureMs} after the fault. */
  failedLate: number
  /** The share of the reads during the fault that failed. */
  failedShare: number
  writes: number
  acknowledged: number
  /** Attempts to write that were answered with 5xx or not at all, and writes that were refused for good. */
  refused: number
  /** Acknowledged writes whose removal was deferred. */
  deferred: number
  lost: number
  doubled: number
  /** `afterLong`: after a deferred removal, later than {@link recoveryMs} after the fault. */
  stale: Record<StaleCause | 'afterLong', number>
  /** Reads that showed an older version than their process had shown before. */
  wentBack: number
  /** The 99th percentile of the duration of reads before, during and after the fault, ms. */
  p99: [number, number, number]
  /** The time until the last problem, see {@link lastProblem}, s. */
  cleanAfter: number
}

/**
 * Returns when the last problem happened, at the earliest the end of the fault. A problem is a read that failed, bypassed
 * Redis or was stale, or a write that was refused or deferred.
 */
export function lastProblem({ reads, writes, faultEnd }: History): number {
  const stale = findStaleReads(reads, writes)
  const problems = [
    ...reads
      .filter((read) => read.failure || /fwd=bypass|load-failed/.test(read.cache) || stale.has(read))
      .map(({ end }) => end),
    ...writes.flatMap(({ refusals }) => refusals.map(({ at }) => at)),
    ...writes.flatMap(({ acknowledged }) =>
      acknowledged?.invalidation === 'deferred' ? [acknowledged.at] : [],
    ),
  ]
  return Math.max(faultEnd, ...problems)
}

/** Computes what a fault cost. */
export function computeCost(history: History, audit: Audit): Cost {
  const { reads, writes, faultStart, faultEnd } = history
  const between = (from: number, to: number) => reads.filter(({ start }) => start >= from && start < to)
  const before = between(0, faultStart)
  const during = between(faultStart, faultEnd)
  const after = between(faultEnd, Number.POSITIVE_INFINITY)
  const countFailed = (some: Read[]) => some.filter(({ failure }) => failure).length
  const stale = { afterDone: 0, afterDeferred: 0, fallback: 0, oldFallback: 0, afterLong: 0 }
  for (const [{ start }, cause] of findStaleReads(reads, writes)) {
    const isLong = cause === 'afterDeferred' && start > faultEnd + recoveryMs
    stale[isLong ? 'afterLong' : cause]++
  }
  const acknowledged = writes.flatMap((write) => write.acknowledged ?? [])
  return {
    reads: during.length,
    failed: countFailed(during),
    failedAfter: countFailed(after),
    failedLate: countFailed(between(faultEnd + lateFailureMs, Number.POSITIVE_INFINITY)),
    failedShare: during.length === 0 ? 0 : countFailed(during) / during.length,
    writes: writes.length,
    acknowledged: acknowledged.length,
    refused:
      writes.flatMap(({ refusals }) => refusals.filter(({ reason }) => !/^4/.test(reason))).length +
      writes.filter(({ isRefused }) => isRefused).length,
    deferred: acknowledged.filter(({ invalidation }) => invalidation === 'deferred').length,
    ...audit,
    stale,
    wentBack: countRegressions(reads),
    p99: [p99(before), p99(during), p99(after)],
    cleanAfter: (lastProblem(history) - faultEnd) / 1000,
  }
}

function p99(reads: Read[]): number {
  const sorted = reads.map(({ start, end }) => end - start).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0
}
