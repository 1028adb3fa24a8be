import type { BesideGuards } from './besideKey.ts'
import type { StepTo } from './explore.ts'
import type { Key, KeyGuards, Token } from './key.ts'
import { allGuards } from './protocol.ts'

/**
 * Two releases side by side, whose entries are of different schemas. One that is fresh is left alone by readers of the
 * other schema. They keep their own at a side key, good only while the very entry stands beside which it was loaded.
 */
export const besideGuards = {
  /** A fill at a side key is accepted only while the entry stands beside which it was loaded. */
  fillChecksMain: true,
  /** Where it is refused its lease ends, also one in an entry that was being refreshed. */
  refusedFillEndsLease: true,
  /** A reader takes from its side key only what lies beside the entry that it has itself found. */
  readerComparesHead: true,
  /** It follows a load of its process by the lease that it has found only if that load is for the same entry. */
  joinNeedsHead: true,
  /** A lease at a side key is taken only while that entry stands; else its caller begins at the id's own key again. */
  leaseChecksMain: true,
  /** A fresh entry of another schema is left alone. */
  freshIsLeftAlone: true,
  /** What was served and not stored is owed at both keys. */
  debtIsOfBothKeys: true,
}
export type BesideGuard = keyof typeof besideGuards
export type Guards = Record<BesideGuard, boolean> & KeyGuards & BesideGuards
export const guardsWithout = (guard?: BesideGuard): Guards => ({
  ...{ ...allGuards, ...besideGuards },
  ...(guard && { [guard]: false }),
})

export type Schema = 'A' | 'B'
/** The id's own key, or the side key of a schema. */
export type Place = 'main' | Schema
export const places: Place[] = ['main', 'A', 'B']

/** The number of the commit that made it, which is its version, too; 1 was there from the start. */
export type Value = number

export interface Reader {
  process: number
  /** How many gets it will do, the present one included. */
  gets: number
  /**
   * `paid`: has delivered what its process owes; `aside`: about to read its side key; `open`: about to ask for the lease;
   * `held`: by the holder of the lease `lease`; `following`: a load of its process.
   */
  at: 'idle' | 'paid' | 'aside' | 'open' | 'held' | 'following'
  /** What its get must not be older than. */
  promised: Value
  /** The key that it is about, and at a side key the entry beside which it looks, by its fill. */
  place: Place
  head?: Token | undefined
  /** The entry that it may replace, by its fill. */
  seen?: Token | undefined
  lease?: Token | undefined
  least?: Value | undefined
}

export interface Flight {
  process: number
  at: 'loading' | 'holding'
  place: Place
  head?: Token | undefined
  lease: Token
  value?: Value | undefined
  followers: number[]
  /** The readers whose present get began before it did. */
  after: number[]
}

export interface Process {
  schema: Schema
  /** The newest value that it has served. */
  served: Value
  /** Before it reads again, what is older than this goes at these keys. */
  due?: { version: Value; places: Place[] } | undefined
}

export interface State {
  keys: Record<Place, Key>
  readers: Reader[]
  flights: Flight[]
  processes: Process[]
  /** The value in the database, and the one whose removal is done. */
  written: Value
  done: Value
  /** Where a load may begin: none has since the key was empty, stale, removed or given up, or lay beside another entry. */
  mayLoad: Record<Place, boolean>
}

export interface Step extends StepTo<State> {
  answers?: { value: Value; promised: Value; process: number }[]
  /** It takes the lease of this key. */
  takes?: Place
}

/** A key changes; what lies beside an entry that has gone may be loaded anew, and a key without a lease, too, where that is said. */
export function withKey(state: State, place: Place, key: Key, mayLoad = false): State {
  const isGone = place === 'main' && key.entry?.fill !== state.keys.main.entry?.fill
  const may = { ...state.mayLoad, ...(isGone && { A: true, B: true }), ...(mayLoad && { [place]: true }) }
  return { ...state, keys: { ...state.keys, [place]: key }, mayLoad: may }
}

/** A lease's name that nothing in the state bears. */
export function freshToken({ keys, readers, flights }: State): Token {
  const used = new Set<unknown>()
  for (const { entry, lease } of Object.values(keys)) used.add(lease).add(entry?.fill).add(entry?.of)
  for (const { head, seen, lease } of [...readers, ...flights.map((each) => ({ ...each, seen: undefined }))])
    used.add(head).add(seen).add(lease)
  let token = 1
  while (used.has(token)) token++
  return token
}
