import type { Setting } from './protocol.ts'
import { type Answer, type How, nobody, type Reader, type State, type Step, type Value } from './state.ts'

/** A load fails: whoever awaits it serves what it has itself seen, or fails. The lease stays, to hold off the next. */
export function loadFails(state: State, i: number, me: string, { guards }: Setting): Step {
  const failing = state.readers[i] as Reader
  const instead = (reader: Reader) => (guards.staleOnlyIfSeen ? reader.seen : (reader.seen ?? failing.seen))
  return over(state, i, `${me}: the load fails`, (reader) => {
    const value = instead(reader)?.value
    return { how: value === undefined ? 'failed' : 'stale', value, promised: reader.promised }
  })
}

/** Ends a get with a value, and with it the gets that joined its load. */
export function answer(state: State, i: number, does: string, how: How, value: Value | undefined): Step {
  return over(state, i, does, ({ at, promised }) => ({
    how: at === 'joined' ? 'collapsed' : how,
    value,
    promised,
  }))
}

function over(state: State, i: number, does: string, answerOf: (reader: Reader) => Answer): Step {
  const answers: Answer[] = []
  const isOver = (reader: Reader, j: number) => j === i || (reader.at === 'joined' && reader.token === i)
  const readers = state.readers.map((reader, j): Reader => {
    // Its next lease will be another one, so that nobody may take the old one for it.
    if (!isOver(reader, j)) return reader.token === i ? { ...reader, token: nobody } : reader
    answers.push(answerOf(reader))
    return { process: reader.process, gets: reader.gets - 1, at: 'idle', promised: { done: 0, own: 0 } }
  })
  const key = state.key.lease === i ? { ...state.key, lease: nobody } : state.key
  return { does, to: { ...state, readers, key }, answers }
}

export const moved = (state: State, i: number, change: Partial<Reader>): State => ({
  ...state,
  readers: state.readers.with(i, { ...(state.readers[i] as Reader), ...change }),
})
