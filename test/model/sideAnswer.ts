import { allGuards } from './guards.ts'
import { removeEntry } from './key.ts'
import {
  type Guards,
  type Place,
  type Process,
  type Reader,
  type State,
  type Step,
  type Value,
  withKey,
} from './sideState.ts'

/** Records that a value was served and not stored. The process removes every older entry before it reads again. */
export function addUnstored(
  state: State,
  process: number,
  place: Place,
  version: Value,
  guards: Guards,
): State {
  const known = state.processes[process] as Process
  const places = new Set([
    ...(known.outbox?.places ?? []),
    place,
    ...(guards.outboxCoversBothKeys ? ['main' as const] : []),
  ])
  const outbox = { version: Math.max(version, known.outbox?.version ?? 0), places: [...places].sort() }
  return { ...state, processes: state.processes.with(process, { ...known, outbox }) }
}

/** Delivers the outbox of a process. */
export function deliverOutbox(state: State, process: number): State {
  const { outbox, ...known } = state.processes[process] as Process
  let to: State = { ...state, processes: state.processes.with(process, known) }
  for (const place of outbox?.places ?? []) {
    const key = removeEntry(to.keys[place], outbox?.version, allGuards)
    if (key !== to.keys[place]) to = withKey(to, place, key, key.lease === undefined)
  }
  return to
}

/** A reader begins at the main key again and remembers nothing. */
export const atMain = {
  place: 'main',
  mainFillId: undefined,
  seen: undefined,
  lease: undefined,
  minVersion: undefined,
} as const

/** Ends a get with an answer. */
export function answerGet(state: State, i: number, does: string, value: Value): Step {
  const { promised, process } = state.readers[i] as Reader
  return { does, to: endGet(state, i), answers: [{ value, promised, process }] }
}

/** Ends a get. From now on it makes no difference which loads began before or after it. */
export function endGet(state: State, i: number): State {
  const { process, gets } = state.readers[i] as Reader
  const idle: Reader = { process, gets: gets - 1, at: 'idle', promised: 0, ...atMain }
  const flights = state.flights.map((each) => ({
    ...each,
    earlierReaders: each.earlierReaders.filter((j) => j !== i),
  }))
  return { ...state, readers: state.readers.with(i, idle), flights }
}

/** Returns the state with a reader changed. */
export const withReader = (state: State, i: number, change: Partial<Reader>): State => ({
  ...state,
  readers: state.readers.with(i, { ...(state.readers[i] as Reader), ...change }),
})
