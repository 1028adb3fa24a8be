import { answer, moved } from './answer.ts'
import type { Token } from './key.ts'
import type { Setting } from './protocol.ts'
import type { Flight, Process, Reader, State, Step } from './state.ts'

/** Goes past the cache: by what was kept for that, by a load that began after this get did, or by one of its own. */
export function past(state: State, i: number, does: string, { guards }: Setting): Step {
  const { process } = state.readers[i] as Reader
  const { open, kept } = state.processes[process] as Process
  if ((open || !guards.fallbackOnlyWhileAway) && kept !== undefined)
    return answer(state, i, `${does} and serves the value ${kept} that was kept`, {
      ...{ how: 'fallback', value: kept, away: open },
    })
  const keeping = state.flights.findIndex((flight) => flight.process === process && flight.keeps)
  if (open && keeping >= 0)
    return {
      does: `${does} and follows a load that is kept`,
      to: follow(state, i, keeping, { fallback: true }),
    }
  const later = state.flights.findIndex((flight) => flight.process === process && flight.after.includes(i))
  if (later >= 0 && guards.joinsLaterLoads)
    return { does: `${does} and follows a load of its process`, to: follow(state, i, later) }
  const to = beginFlight(state, i, {})
  return { does: `${does} and goes past the cache`, to, ...(later >= 0 && { takes: 'second load' as const }) }
}

/** A load begins, which this reader leads. */
export function beginFlight(state: State, i: number, { token }: { token?: Token }): State {
  const { process } = state.readers[i] as Reader
  const active = state.readers.flatMap((each, j) =>
    each.process === process && each.at !== 'idle' ? [j] : [],
  )
  const flight: Flight = {
    ...{ process, token, at: 'loading', leader: i, followers: [i] },
    after: active,
    ...(token === undefined && state.processes[process]?.open && { keeps: true }),
  }
  const to = moved(state, i, { at: 'following', token: undefined, least: undefined })
  return { ...to, flights: [...to.flights, flight] }
}

/** Follows a load of the own process. */
export function follow(
  state: State,
  i: number,
  f: number,
  how: Pick<Reader, 'least' | 'fallback'> = {},
): State {
  const flight = state.flights[f] as Flight
  const flights = state.flights.with(f, { ...flight, followers: [...flight.followers, i].sort() })
  return moved({ ...state, flights }, i, { at: 'following', token: undefined, least: undefined, ...how })
}
