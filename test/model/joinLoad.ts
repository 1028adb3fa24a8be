import { withReader } from './answer.ts'
import type { Token } from './key.ts'
import type { Flight, Reader, State } from './state.ts'

/** Begins a load with this reader as its leader. */
export function beginFlight(state: State, i: number, { token }: { token?: Token }): State {
  const { process } = state.readers[i] as Reader
  const active = state.readers.flatMap((each, j) =>
    each.process === process && each.at !== 'idle' ? [j] : [],
  )
  const flight: Flight = {
    ...{ process, token, at: 'loading', leader: i, followers: [i] },
    earlierReaders: active,
    ...(token === undefined && state.processes[process]?.isBreakerOpen && { isForFallback: true }),
  }
  const to = withReader(state, i, { at: 'following', token: undefined, minVersion: undefined })
  return { ...to, flights: [...to.flights, flight] }
}

/** Has a reader follow a load of its own process. */
export function follow(
  state: State,
  i: number,
  f: number,
  how: Pick<Reader, 'minVersion' | 'fallback'> = {},
): State {
  const flight = state.flights[f] as Flight
  const flights = state.flights.with(f, { ...flight, followers: [...flight.followers, i].sort() })
  const following = { at: 'following', token: undefined, minVersion: undefined, ...how } as const
  return withReader({ ...state, flights }, i, following)
}
