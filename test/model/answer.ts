import { failed } from './key.ts'
import {
  type Answer,
  type Flight,
  type How,
  nothingPromised,
  type Reader,
  type State,
  type Step,
  type Value,
} from './state.ts'

/** Returns the state with a reader changed. */
export const withReader = (state: State, i: number, change: Partial<Reader>): State => ({
  ...state,
  readers: state.readers.with(i, { ...(state.readers[i] as Reader), ...change }),
})

/** Ends a get. From now on it makes no difference which loads began before or after it. */
export function endGet(state: State, i: number): State {
  const { process, gets } = state.readers[i] as Reader
  const idle: Reader = { process, gets: gets - 1, at: 'idle', promised: nothingPromised }
  const without = (readers: number[]) =>
    readers.includes(i) ? readers.filter((each) => each !== i) : readers
  const flights = state.flights.map(
    (flight): Flight => ({
      ...flight,
      leader: flight.leader === i ? undefined : flight.leader,
      followers: without(flight.followers),
      earlierReaders: without(flight.earlierReaders),
    }),
  )
  return { ...state, readers: state.readers.with(i, idle), flights }
}

/** Ends a get with an answer. */
export function answerGet(
  state: State,
  i: number,
  does: string,
  answer: { how: How; value?: Value | undefined; away?: boolean | undefined; cause?: Answer['cause'] },
): Step {
  const { promised, process } = state.readers[i] as Reader
  return { does, to: endGet(state, i), answers: [{ ...answer, promised, process }] }
}

/** Returns the answer of a get whose load failed: the entry that the get has itself seen, if that may be served, or a failure. */
export function answerToFailure(
  reader: Reader,
  cause: Answer['cause'],
  seen = reader.seen,
): Omit<Answer, 'process'> {
  const stale = seen && seen.age < 3 ? seen.value : undefined
  const { promised } = reader
  return stale === undefined ? { how: 'failed', cause, promised } : { how: 'stale', value: stale, promised }
}

/** Ends a get that finds the mark of a failed load. */
export function answerToMark(state: State, i: number, does: string, mark: number | undefined): Step {
  const reader = state.readers[i] as Reader
  return answerGet(
    state,
    i,
    `${does} the mark of a load that has failed`,
    answerToFailure(reader, mark === failed ? 'load' : undefined),
  )
}
