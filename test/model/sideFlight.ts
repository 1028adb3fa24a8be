import { fillEntry, type Token } from './key.ts'
import { addUnstored, endGet, withReader } from './sideAnswer.ts'
import { fillSideEntry } from './sideKey.ts'
import {
  type Flight,
  type Guards,
  type Process,
  type Reader,
  type State,
  type Step,
  withKey,
} from './sideState.ts'

/** Begins a load, which this reader follows. */
export function beginFlight(state: State, i: number, lease: Token): State {
  const { process, place, mainFillId } = state.readers[i] as Reader
  const active = state.readers.flatMap((each, j) =>
    each.process === process && each.at !== 'idle' && j !== i ? [j] : [],
  )
  const flight: Flight = {
    ...{ process, at: 'loading', place, mainFillId, lease },
    followers: [i],
    earlierReaders: active,
  }
  return { ...following(state, i), flights: [...state.flights, flight] }
}

/**
 * Has a reader follow a load of its own process.
 *
 * @param minVersion of a load that began before the get: the value must have at least this version
 */
export function follow(state: State, i: number, f: number, minVersion?: number): State {
  const flight = state.flights[f] as Flight
  const flights = state.flights.with(f, { ...flight, followers: [...flight.followers, i].sort() })
  return { ...following(state, i, minVersion), flights }
}

const following = (state: State, i: number, minVersion?: number): State =>
  withReader(state, i, { at: 'following', seen: undefined, lease: undefined, minVersion })

/** A load reads the database, or fills the key of its lease. */
export function flightStep(state: State, f: number, guards: Guards): Step {
  const flight = state.flights[f] as Flight
  const { process, place, mainFillId, lease, value } = flight
  const me = `the load by lease ${lease} at ${place} in process ${process}`
  if (value === undefined) {
    const read: Flight = { ...flight, at: 'loaded', value: state.written }
    return {
      does: `${me} reads value ${state.written}`,
      to: { ...state, flights: state.flights.with(f, read) },
    }
  }
  const { schema } = state.processes[process] as Process
  const entry = { value, version: value }
  const { key, stored } =
    mainFillId === undefined
      ? fillEntry(state.keys[place], lease, { ...entry, of: schema }, guards)
      : fillSideEntry(state.keys[place], state.keys.main, lease, { ...entry, mainFillId }, guards)
  // If a fill leaves nothing, the removal that refused it is the reason for the next load.
  let to = withKey(state, place, key, !key.entry && key.lease === undefined)
  to = { ...to, flights: state.flights.filter((_, at) => at !== f) }
  if (!stored) to = addUnstored(to, process, place, value, guards)
  const answers: Step['answers'] = []
  for (const i of flight.followers) {
    const { minVersion = 0, promised } = state.readers[i] as Reader
    // The value is older than a removal demands, so the reader begins again.
    if (value < minVersion) to = withReader(to, i, { at: 'asking', minVersion: undefined })
    else {
      answers.push({ value, promised, process })
      to = endGet(to, i)
    }
  }
  return { does: `${me} fills value ${value}: ${stored ? 'stored' : 'refused'}`, to, answers }
}
