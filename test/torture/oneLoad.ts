import type { AllPromises, Violation } from './check.ts'
import type { Timeline } from './circumstances.ts'
import type { Answered, Bypassed, CacheName, Load, Operation, Removed } from './history.ts'

/** A load's lease is taken at most this long before the load, because Redis answers within its time; ms. */
const leadMs = 100
/** A bypass is reported at most this long before its load, ms. */
const bypassLeadMs = 1_000
/** The fill of a load is answered at most this long after the load, ms. */
const fillMs = 150
/** An operation that a killed process did not record began at most this long before the kill, ms. */
const unrecordedMs = 1_500
/** Clocks and timers are not read at the very moment, ms. */
const slackMs = 5

/**
 * Finds each load without a reason. Two consecutive loads of one entry, in any processes, need a reason between the
 * moments at which their leases were taken: the earliest possible moment for the first, the latest for the second.
 *
 * A reason is:
 *
 * - a removal, an eviction or a flush; Redis was killed; or a process was killed before it recorded what it did
 * - the value of the first load is not fresh any more: so there is one load for each expiry
 * - the first load failed or was abandoned, and had ended
 * - the lease of the first load ended before the fill: so there is one load for each lease period
 * - the process of the first load may have found Redis away when it was about to fill
 * - a process was answered that nothing exists and could not store that answer: it removes whatever the key holds before
 *   it next reads the id from Redis
 *
 * A load that bypasses the cache needs no reason here, because another rule covers it. Nor does a load of a process whose
 * clock is wrong: to that process fresh entries look old, and its own entries may look old to other processes.
 */
export function loadsWithoutReason(
  history: Operation[],
  promises: AllPromises,
  timeline: Timeline,
): Violation[] {
  const loads = history.filter((each): each is Load => each.type === 'load')
  const byEntry = Map.groupBy(loads, ({ cache, id }) => `${cache} ${id}`)
  const removals = Map.groupBy(
    history.filter((each): each is Removed => each.type === 'removed'),
    ({ id }) => id,
  )
  const bypasses = Map.groupBy(
    history.filter((each): each is Bypassed => each.type === 'bypassed'),
    ({ process, cache, id }) => `${process} ${cache} ${id}`,
  )
  const isBypass = ({ process, cache, id, start }: Load) =>
    (bypasses.get(`${process} ${cache} ${id}`) ?? []).some(
      (each) => each.start >= start - bypassLeadMs && each.start <= start + slackMs,
    )
  const deliveredBy = deliveries(history)
  const outboxRemovals = Map.groupBy(removalsOfUnstoredAnswers(history), ({ id }) => id)
  const violations: Violation[] = []
  for (const some of byEntry.values()) {
    const leased = some.filter((load) => !isBypass(load)).sort((a, b) => a.start - b.start)
    for (const [index, second] of leased.entries()) {
      const first = leased[index - 1]
      if (!first) continue
      const lead =
        leadMs +
        Math.max(
          ...[first, second].map(({ process, start }) => timeline.lateBy(process, start - leadMs, start)),
        )
      const from = first.start - lead
      const wasRemoved = (removals.get(first.id) ?? []).some(
        (each) =>
          each.caches.includes(first.cache) &&
          each.start <= second.start &&
          deliveredBy(each, first.cache) >= from,
      )
      const mayBeRemovedByOutbox = (outboxRemovals.get(first.id) ?? []).some(
        (each) => each.from <= second.start + slackMs && each.to >= from,
      )
      if (wasRemoved || mayBeRemovedByOutbox || hasReason(first, second, from, promises, timeline)) continue
      violations.push({ rule: 'load without a reason', answer: second, because: first })
    }
  }
  return violations
}

function hasReason(
  first: Load,
  second: Load,
  from: number,
  { minFreshMs, negativeTtl, leaseMs }: AllPromises,
  timeline: Timeline,
): boolean {
  const { id, process, start, end, outcome } = first
  const at = second.start + slackMs
  const freshMs = outcome === 'nothing' ? negativeTtl : minFreshMs
  const filled = end + fillMs + timeline.lateBy(process, end, end + fillMs)
  const leaseEnds = from + leaseMs
  return (
    timeline.hasWrongClock(process) ||
    timeline.hasWrongClock(second.process) ||
    timeline.wasDropped(id, from, at) ||
    timeline.wasKilled(from, at + unrecordedMs) ||
    (outcome === 'failed' || outcome === 'aborted' ? at >= end : at >= start + freshMs) ||
    (at >= leaseEnds && filled >= leaseEnds) ||
    timeline.wasAway(process, from, filled)
  )
}

/** Returns whether an answer shows that its caller read Redis. If the caller joined a load that bypasses Redis, it does not. */
const showsReadOfRedis = ({ from, status }: Answered): boolean =>
  from === 'cache' && !/fwd=bypass/.test(status)

/**
 * Returns when a process has the removal of an id in its outbox, because it was answered that nothing exists and did not
 * store that answer.
 */
function removalsOfUnstoredAnswers(history: Operation[]): { id: string; from: number; to: number }[] {
  const answers = history.filter((each): each is Answered => each.type === 'answered')
  const reads = Map.groupBy(answers.filter(showsReadOfRedis), ({ process, id }) => `${process} ${id}`)
  return answers
    .filter(({ from, version, status }) => from !== 'cache' && version === 0 && !/stored/.test(status))
    .map(({ process, id, start, end }) => {
      const read = (reads.get(`${process} ${id}`) ?? []).find((each) => each.start > end)
      return { id, from: start, to: read?.end ?? Number.POSITIVE_INFINITY }
    })
}

/**
 * Returns a function that says by when a removal has surely reached Redis. A deferred removal has when its process next
 * reads the id from Redis.
 */
function deliveries(history: Operation[]): (removal: Removed, cache: CacheName) => number {
  const reads = Map.groupBy(
    history.filter((each): each is Answered => each.type === 'answered' && showsReadOfRedis(each)),
    ({ process, id }) => `${process} ${id}`,
  )
  return ({ process, id, end, outcome }, cache) => {
    if (outcome === 'done') return end
    const read = (reads.get(`${process} ${id}`) ?? []).find(
      (each) => each.cache === cache && each.start > end,
    )
    return read?.end ?? Number.POSITIVE_INFINITY
  }
}
