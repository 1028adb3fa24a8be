import {
  type Guards,
  type Place,
  type Process,
  type Reader,
  type State,
  type Step,
  type Value,
  withKey,
} from './besideState.ts'
import { removed } from './key.ts'
import { allGuards } from './protocol.ts'

/** What was served and not stored: what is older goes before this process reads again. */
export function owes(state: State, process: number, place: Place, version: Value, guards: Guards): State {
  const known = state.processes[process] as Process
  const of = new Set([
    ...(known.due?.places ?? []),
    place,
    ...(guards.debtIsOfBothKeys ? ['main' as const] : []),
  ])
  const due = { version: Math.max(version, known.due?.version ?? 0), places: [...of].sort() }
  return { ...state, processes: state.processes.with(process, { ...known, due }) }
}

/** Delivers it. */
export function pay(state: State, process: number): State {
  const { due, ...known } = state.processes[process] as Process
  let to: State = { ...state, processes: state.processes.with(process, known) }
  for (const place of due?.places ?? []) {
    const key = removed(to.keys[place], due?.version, allGuards)
    if (key !== to.keys[place]) to = withKey(to, place, key, key.lease === undefined)
  }
  return to
}

/** A reader is about the id's own key again, and knows nothing of it. */
export const atMain = {
  place: 'main',
  head: undefined,
  seen: undefined,
  lease: undefined,
  least: undefined,
} as const

/** Ends a get. */
export function answer(state: State, i: number, does: string, value: Value): Step {
  const { promised, process } = state.readers[i] as Reader
  return { does, to: over(state, i), answers: [{ value, promised, process }] }
}

/** A get that is over: nothing need be told from what began before it any more. */
export function over(state: State, i: number): State {
  const { process, gets } = state.readers[i] as Reader
  const idle: Reader = { process, gets: gets - 1, at: 'idle', promised: 0, ...atMain }
  const flights = state.flights.map((each) => ({ ...each, after: each.after.filter((j) => j !== i) }))
  return { ...state, readers: state.readers.with(i, idle), flights }
}

export const moved = (state: State, i: number, change: Partial<Reader>): State => ({
  ...state,
  readers: state.readers.with(i, { ...(state.readers[i] as Reader), ...change }),
})
