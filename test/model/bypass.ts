import { answerGet } from './answer.ts'
import { beginFlight, follow } from './joinLoad.ts'
import type { Setting } from './protocol.ts'
import type { Process, Reader, State, Step } from './state.ts'

/** Bypasses the cache: by the fallback, by a load that began after this get did, or by a load of its own. */
export function bypass(state: State, i: number, does: string, { guards }: Setting): Step {
  const { process } = state.readers[i] as Reader
  const { isBreakerOpen, fallback } = state.processes[process] as Process
  if ((isBreakerOpen || !guards.fallbackOnlyWhileAway) && fallback !== undefined)
    return answerGet(state, i, `${does} and serves the fallback, value ${fallback}`, {
      ...{ how: 'fallback', value: fallback, away: isBreakerOpen },
    })
  const forFallback = state.flights.findIndex((flight) => flight.process === process && flight.isForFallback)
  if (isBreakerOpen && forFallback >= 0)
    return {
      does: `${does} and follows a load for the fallback`,
      to: follow(state, i, forFallback, { fallback: true }),
    }
  const later = state.flights.findIndex(
    (flight) => flight.process === process && flight.earlierReaders.includes(i),
  )
  if (later >= 0 && guards.bypassJoinsLaterLoad)
    return { does: `${does} and follows a load of its process`, to: follow(state, i, later) }
  const to = beginFlight(state, i, {})
  return { does: `${does} and bypasses the cache`, to, ...(later >= 0 && { takes: 'second load' as const }) }
}
