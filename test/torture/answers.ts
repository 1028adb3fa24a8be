import type { AllPromises, Violation } from './check.ts'
import type { Around } from './circumstances.ts'
import type { Breaker, Bypassed, Got, Load, Operation, Unanswered } from './history.ts'

/** Timers ring late, and clocks are read a little later still, ms. */
const slackMs = 20
/** Who waits for another's load does not begin a last pause that would end too late, ms. */
const pauseMs = 50 + slackMs
/** For how long the mark of a failed load may be told, and looked for by who waits, ms. */
const markMs = 250 + slackMs

/** G7: a call has its answer, or its error, within its budget; and the fill of a load that came in its last moment. */
export function tooLate(history: Operation[], { cacheTimeoutMs }: AllPromises, around: Around): Violation[] {
  return history
    .filter((each): each is Got | Unanswered => each.type === 'got' || each.type === 'unanswered')
    .filter(({ process, start, end, budgetMs }) => {
      if (budgetMs === undefined || end - start <= budgetMs + cacheTimeoutMs + slackMs) return false
      return end - start > budgetMs + cacheTimeoutMs + slackMs + around.lateBy(process, start, end)
    })
    .map((answer) => ({ rule: 'G7', answer }))
}

/**
 * G4: the cache is left out only where Redis may have been away just then; or where the breaker was open, because Redis
 * was away a moment ago, and so is what was kept for that; or after a caller has waited for another's load as long as it
 * had to.
 */
export function leftOut(
  history: Operation[],
  { waitMs, cacheTimeoutMs }: AllPromises,
  around: Around,
): Violation[] {
  const wasOpen = openings(history)
  const bypasses = Map.groupBy(
    history.filter((each): each is Bypassed => each.type === 'bypassed'),
    ({ process, cache, id }) => `${process} ${cache} ${id}`,
  )
  /** Whether a call has given Redis up no sooner than it may: after all the time that it has for it. */
  const wasPatient = ({ process, cache, id, start, end, budgetMs = Number.POSITIVE_INFINITY }: Got) =>
    (bypasses.get(`${process} ${cache} ${id}`) ?? []).some(
      (each) => each.start <= end && each.start - start >= Math.min(cacheTimeoutMs, budgetMs / 2),
    )
  return history
    .filter((each): each is Got => each.type === 'got' && /fwd=bypass/.test(each.status))
    .filter((answer) => {
      const { process, start, end, status, budgetMs = Number.POSITIVE_INFINITY } = answer
      if (/detail=wait-timeout/.test(status)) return end - start < Math.min(waitMs, budgetMs / 2) - pauseMs
      if (around.wasAway(process, start - slackMs, end)) return false
      // A control tells of what takes longer than usual alone: several commands that each take what is usual use up the
      // time as well, above all where a lease was lost meanwhile and is asked for again.
      if (/detail=redis-timeout/.test(status)) return !wasPatient(answer)
      const known = /detail=(redis-away|fallback)/.test(status)
      return !(known && wasOpen(process, start, end) && around.knewAway(process, start, end))
    })
    .map((answer) => ({ rule: 'away', answer }))
}

/** Whether the breaker of a process was open at some moment of a time. */
function openings(history: Operation[]): (process: string, start: number, end: number) => boolean {
  const changes = Map.groupBy(
    history.filter((each): each is Breaker => each.type === 'breaker'),
    ({ process }) => process,
  )
  return (process, start, end) => {
    const its = changes.get(process) ?? []
    const before = its.findLast((each) => each.start <= start)
    return before?.state === 'open' || its.some((each) => each.start >= start && each.start <= end)
  }
}

/**
 * G4 and G6: a get has no answer only because the database refused or took too long, for it or for whom it waited, or
 * since its own time was over. That another caller's time was over is no reason.
 */
export function withoutCause(
  history: Operation[],
  { loadTimeoutMs }: AllPromises,
  around: Around,
): Violation[] {
  // Whoever waits has given up a load that took too long, though it may have come to its end just then.
  const tookTooLong = ({ process, start, end }: Load) =>
    end - start >= loadTimeoutMs - slackMs - around.lateBy(process, start - slackMs, end)
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
      const late = around.lateBy(process, start, end)
      const loads = failed.get(`${cache} ${id}`) ?? []
      // A process that was killed may not have come to write down that its load had failed.
      if (around.wasKilled(start - markMs - loadTimeoutMs, end)) return false
      return !loads.some((load) => load.end >= start - markMs - late && load.start <= end)
    })
    .map((answer) => ({ rule: 'G4', answer }))
}
