import { moved, over, owes } from './besideAnswer.ts'
import { filledBeside } from './besideKey.ts'
import {
  type Flight,
  type Guards,
  type Process,
  type Reader,
  type State,
  type Step,
  withKey,
} from './besideState.ts'
import { filled, type Token } from './key.ts'

/** A load begins, which this reader follows. */
export function beginFlight(state: State, i: number, lease: Token): State {
  const { process, place, head } = state.readers[i] as Reader
  const active = state.readers.flatMap((each, j) =>
    each.process === process && each.at !== 'idle' && j !== i ? [j] : [],
  )
  const flight: Flight = { process, at: 'loading', place, head, lease, followers: [i], after: active }
  return { ...following(state, i), flights: [...state.flights, flight] }
}

/** Follows a load of the own process; one that began before this get did, only if its value is new enough. */
export function follow(state: State, i: number, f: number, least?: number): State {
  const flight = state.flights[f] as Flight
  const flights = state.flights.with(f, { ...flight, followers: [...flight.followers, i].sort() })
  return { ...following(state, i, least), flights }
}

const following = (state: State, i: number, least?: number): State =>
  moved(state, i, { at: 'following', seen: undefined, lease: undefined, least })

/** A load reads the database, and fills the key that its lease is for. */
export function flightStep(state: State, f: number, guards: Guards): Step {
  const flight = state.flights[f] as Flight
  const { process, place, head, lease, value } = flight
  const me = `the load by lease ${lease} at ${place} in process ${process}`
  if (value === undefined) {
    const read: Flight = { ...flight, at: 'holding', value: state.written }
    return {
      does: `${me} reads value ${state.written}`,
      to: { ...state, flights: state.flights.with(f, read) },
    }
  }
  const { schema } = state.processes[process] as Process
  const entry = { value, version: value }
  const { key, stored } =
    head === undefined
      ? filled(state.keys[place], lease, { ...entry, of: schema }, guards)
      : filledBeside(state.keys[place], state.keys.main, lease, { ...entry, head }, guards)
  // Where a fill leaves nothing, what refused it is the reason of the next load.
  let to = withKey(state, place, key, !key.entry && key.lease === undefined)
  to = { ...to, flights: state.flights.filter((_, at) => at !== f) }
  if (!stored) to = owes(to, process, place, value, guards)
  const answers: Step['answers'] = []
  for (const i of flight.followers) {
    const { least = 0, promised } = state.readers[i] as Reader
    // What it has followed is older than a removal demands.
    if (value < least) to = moved(to, i, { at: 'open', least: undefined })
    else {
      answers.push({ value, promised, process })
      to = over(to, i)
    }
  }
  return { does: `${me} fills value ${value}: ${stored ? 'stored' : 'refused'}`, to, answers }
}
