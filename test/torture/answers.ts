import type { AllPromises, Violation } from './check.ts'
import type { Timeline } from './circumstances.ts'
import type { Answered, Breaker, Bypassed, Load, Operation, Unanswered } from './history.ts'

/** Timers fire late, and clocks are read a little later still, ms. */
const slackMs = 20
/** A caller that waits for another load does not begin a last pause that would end too late, ms. */
const pauseMs = 50 + slackMs
/** A timer fires up to this much early, ms. The cache does not wait for the rest. */
const earlyMs = 0.5
/** For how long after a failed load its mark may be found, and a waiting caller may look for it, ms. */
const markMs = 250 + slackMs

/**
 * Finds each call without an answer or error within its budget. The fill of a load that finished at the last moment may
 * take `cacheTimeoutMs` more.
 */
export function lateAnswers(
  history: Operation[],
  { cacheTimeoutMs }: AllPromises,
  timeline: Timeline,
): Violation[] {
  return history
    .filter((each): each is Answered | Unanswered => each.type === 'answered' || each.type === 'unanswered')
    .filter(({ process, start, end, budgetMs }) => {
      if (budgetMs === undefined || end - start <= budgetMs + cacheTimeoutMs + slackMs) return false
      return end - start > budgetMs + cacheTimeoutMs + slackMs + timeline.lateBy(process, start, end)
    })
    .map((answer) => ({ rule: 'late answer', answer }))
}

/**
 * Finds each get that bypassed the cache without a cause. A cause is:
 *
 * - Redis may have been away at that time
 * - the breaker was open because Redis was away a moment ago; the fallback is served for the same reason
 * - the caller has waited for another load as long as it had to
 */
export function bypassesWithoutCause(
  history: Operation[],
  { waitMs, cacheTimeoutMs }: AllPromises,
  timeline: Timeline,
): Violation[] {
  const wasOpen = breakerOpenings(history)
  const bypasses = Map.groupBy(
    history.filter((each): each is Bypassed => each.type === 'bypassed'),
    ({ process, cache, id }) => `${process} ${cache} ${id}`,
  )
  /** Whether a call used all the time that it has for Redis before it bypassed Redis. */
  const wasPatient = (answer: Answered) => {
    const { process, cache, id, start, end, status, budgetMs = Number.POSITIVE_INFINITY } = answer
    const leastMs = Math.min(cacheTimeoutMs, budgetMs / 2) - earlyMs
    // A call that joins a load of its process records no bypass of its own: only its answer shows how long it took.
    if (/collapsed/.test(status)) return end - start >= leastMs
    return (bypasses.get(`${process} ${cache} ${id}`) ?? []).some(
      (bypass) => bypass.start <= end && bypass.start - start >= leastMs,
    )
  }
  return history
    .filter((each): each is Answered => each.type === 'answered' && /fwd=bypass/.test(each.status))
    .filter((answer) => {
      const { process, start, end, status, budgetMs = Number.POSITIVE_INFINITY } = answer
      if (/detail=wait-timeout/.test(status)) return end - start < Math.min(waitMs, budgetMs / 2) - pauseMs
      if (timeline.wasAway(process, start - slackMs, end)) return false
      // A control reports only single commands that take longer than usual. Several commands of usual length use up the
      // time as well, above all if a lease was lost meanwhile and the caller asks for it again.
      if (/detail=redis-timeout/.test(status)) return !wasPatient(answer)
      const wasKnownAway = /detail=(redis-away|fallback)/.test(status)
      return !(wasKnownAway && wasOpen(process, start, end) && timeline.knewAway(process, start, end))
    })
    .map((answer) => ({ rule: 'bypass without a cause', answer }))
}

/** Returns a function that says whether the breaker of a process was open at some moment of a span. */
function breakerOpenings(history: Operation[]): (process: string, start: number, end: number) => boolean {
  const changes = Map.groupBy(
    history.filter((each): each is Breaker => each.type === 'breaker'),
    ({ process }) => process,
  )
  return (process, start, end) => {
    const ofProcess = changes.get(process) ?? []
    const before = ofProcess.findLast((each) => each.start <= start)
    return before?.state === 'open' || ofProcess.some((each) => each.start >= start && each.start <= end)
  }
}

/**
 * Finds each get that failed without a cause. A get may fail if the database refused or took too long, for the get
 * itself or for the load that it waited for, or if the get's own time had run out. Another caller's time limit is not a
 * cause.
 */
export function failuresWithoutCause(
  history: Operation[],
  { loadTimeoutMs }: AllPromises,
  timeline: Timeline,
): Violation[] {
  // A waiting caller has abandoned a load that took too long, even if that load finished at the same moment.
  const tookTooLong = ({ process, start, end }: Load) =>
    end - start >= loadTimeoutMs - slackMs - timeline.lateBy(process, start - slackMs, end)
  const failed = Map.groupBy(
    history.filter(
      (each): each is Load => each.type === 'load' && (each.outcome === 'failed' || tookTooLong(each)),
    ),
    ({ cache, id }) => `${cache} ${id}`,
  )
  return history
    .filter((each): each is Unanswered => each.type === 'unanswered')
    .filter(({ cache, id, process, start, end, budgetMs = Number.POSITIVE_INFINITY }) => {
      if (end - start >= 0.9 * budgetMs - slackMs) return false
      const late = timeline.lateBy(process, start, end)
      const loads = failed.get(`${cache} ${id}`) ?? []
      // A process may have been killed before it recorded that its load had failed.
      if (timeline.wasKilled(start - markMs - loadTimeoutMs, end)) return false
      return !loads.some((load) => load.end >= start - markMs - late && load.start <= end)
    })
    .map((answer) => ({ rule: 'failure without a cause', answer }))
}
