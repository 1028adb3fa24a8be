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

export const moved = (state: State, i: number, change: Partial<Reader>): State => ({
  ...state,
  readers: state.readers.with(i, { ...(state.readers[i] as Reader), ...change }),
})

/** A get that is over. What began before it need not be told from what began after it any more. */
export function over(state: State, i: number): State {
  const { process, gets } = state.readers[i] as Reader
  const idle: Reader = { process, gets: gets - 1, at: 'idle', promised: nothingPromised }
  const without = (readers: number[]) =>
    readers.includes(i) ? readers.filter((each) => each !== i) : readers
  const flights = state.flights.map(
    (flight): Flight => ({
      ...flight,
      leader: flight.leader === i ? undefined : flight.leader,
      followers: without(flight.followers),
      after: without(flight.after),
    }),
  )
  return { ...state, readers: state.readers.with(i, idle), flights }
}

/** Ends a get. */
export function answer(
  state: State,
  i: number,
  does: string,
  given: { how: How; value?: Value | undefined; away?: boolean | undefined; cause?: Answer['cause'] },
): Step {
  const { promised, process } = state.readers[i] as Reader
  return { does, to: over(state, i), answers: [{ ...given, promised, process }] }
}

/** A load has failed: a get serves what it has itself seen, if that may still be served, or fails. */
export function failing(reader: Reader, cause: Answer['cause'], seen = reader.seen): Omit<Answer, 'process'> {
  const stale = seen && seen.age < 3 ? seen.value : undefined
  const { promised } = reader
  return stale === undefined ? { how: 'failed', cause, promised } : { how: 'stale', value: stale, promised }
}

/** Ends a get that is told of a failure by the mark that it has left. */
export function told(state: State, i: number, does: string, mark: number | undefined): Step {
  const reader = state.readers[i] as Reader
  return answer(
    state,
    i,
    `${does} the mark of a load that has failed`,
    failing(reader, mark === failed ? 'load' : undefined),
  )
}
