import type { StepTo } from './explore.ts'

/** A value is the number of the commit that made it; 0 was there from the start. */
export type Value = number

/** 0: fresh. 1: stale, served while one caller refreshes it. 2: older, served only where loading fails. */
export type Age = 0 | 1 | 2

export interface Entry {
  value: Value
  age: Age
}

/** The lease of a reader is known by the reader's number, that of a get that is over by this one. */
export const nobody = -1

/** What Redis holds: an entry, a lease, both (an entry that is being refreshed), or nothing. */
export interface Key {
  entry?: Entry | undefined
  lease?: number | undefined
  /** The refresh lease in an entry has run out. A lease that stands alone is gone when it ends. */
  ended?: boolean
}

/** What a get may rely on: the last commit whose removal is done, and the last one of its own process, done or deferred. */
export interface Promised {
  done: Value
  own: Value
}

export interface Reader {
  process: number
  /** How many it will do, the present one included. */
  gets: number
  /**
   * `owing`: about to deliver a removal; `removed`: has, and awaits the answer; `empty` and `stale`: found nothing, or
   * `seen`, and is about to ask for the lease; `waiting`: for the holder of lease `token`; `joined`: to the load of
   * reader `token`; `loading`, then `holding` a value, by a lease; `past` the cache, then `storing` what it must not.
   */
  at:
    | 'idle'
    | 'owing'
    | 'removed'
    | 'empty'
    | 'stale'
    | 'waiting'
    | 'joined'
    | 'loading'
    | 'holding'
    | 'past'
    | 'storing'
  promised: Promised
  /** The stale entry that this get last found in place. */
  seen?: Entry | undefined
  token?: number | undefined
  value?: Value | undefined
  debt?: number | undefined
}

export interface Writer {
  process: number
  /** An `edit` goes past the catalog: it neither raises the version nor removes anything. */
  kind: 'write' | 'edit'
  /** `removing`: has committed `value`; `late`: gave the commit up as failed, and it is yet to happen. */
  at: 'idle' | 'removing' | 'removingEarly' | 'committing' | 'late' | 'done'
  value: Value
}

/** Everything about one id. */
export interface State {
  /** The version of each value; the last value is the one in the database. */
  versions: number[]
  key: Key
  readers: Reader[]
  writers: Writer[]
  /** How many of the commits the stream has delivered. */
  delivered: number
  /** By process: the removal that is owed, by its commit; 0 for none. */
  owed: number[]
  /** The last commit whose removal was reported done. */
  done: Value
  /** By process: its last commit whose removal was reported deferred. */
  deferred: Value[]
}

/** How a get came by its answer. */
export type How = 'hit' | 'stale' | 'collapsed' | 'loaded' | 'bypass' | 'failed'

export interface Answer {
  how: How
  value?: Value | undefined
  promised: Promised
}

export interface Step extends StepTo<State> {
  /** The gets that this step ends. */
  answers?: Answer[]
  /** Set on the step that takes a lease, and on the one that delivers a stream event. */
  what?: 'lease' | 'event'
}

export const inDatabase = (state: State): Value => state.versions.length - 1

/** The version of a value; there are no others than those in the state. */
export const versionOf = (state: State, value: Value): number => state.versions[value] as number

/**
 * A state as text, short because there are very many. Readers of one process are interchangeable: they are named in the
 * order of what they are about to do. Where two of them do the same, one state may have two texts; then it is only
 * visited twice.
 */
export function encode({ key, readers, writers, versions, delivered, owed, done, deferred }: State): string {
  const texts = readers.map(({ process, gets, at, promised, seen, value, debt }, i) => {
    if (at === 'idle') return `${process}idle${gets}`
    const held = key.lease === i ? '*' : ''
    const found = seen ? `~${seen.value}.${seen.age}` : ''
    return `${process}${at}${held}${gets}.${promised.done}.${promised.own}${found}=${value ?? ''}-${debt ?? ''}`
  })
  const order = texts.map((_, i) => i).sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1))
  const name = (token: number) => (token === nobody ? 'x' : order.indexOf(token))
  let text = 'Redis '
  if (key.entry) text += `E${key.entry.value}.${key.entry.age}`
  if (key.lease !== undefined) text += `L${name(key.lease)}${key.ended ? '!' : ''}`
  for (const i of order) {
    const token = readers[i]?.token
    text += token === undefined ? `|${texts[i]}` : `|${texts[i]}>${name(token)}`
  }
  for (const { at, value } of writers) text += `|${at}${value}`
  return `${text}|${versions}|${owed}|${deferred}|${done}|${delivered}`
}
