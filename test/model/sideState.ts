import type { StepTo } from './explore.ts'
import { allGuards } from './guards.ts'
import type { Key, KeyGuards, Token } from './key.ts'
import type { SideGuards } from './sideKey.ts'

/**
 * Two releases run at the same time, with entries of different schemas. Readers leave a fresh entry of the other schema
 * alone. They store their own entry at a side key. A side entry belongs to one main entry, and is valid only while
 * that entry is in place.
 */
export const sideGuards = {
  /** A fill at a side key is accepted only while the main entry that it belongs to is in place. */
  fillChecksMain: true,
  /** If that fill is refused, its lease ends, even a lease in an entry that was being refreshed. */
  refusedFillEndsLease: true,
  /** A reader takes from its side key only an entry that belongs to the main entry that it has itself found. */
  readerComparesMainFillId: true,
  /** A reader that found a lease follows the load of that lease only if the load is for the same main entry. */
  joinNeedsMainFillId: true,
  /** A lease at a side key is taken only while the main entry is in place. Otherwise its caller begins at the main key again. */
  leaseChecksMain: true,
  /** A fresh entry of another schema is left alone. */
  freshIsLeftAlone: true,
  /** The removal for a value that was served and not stored is added to the outbox for both keys. */
  outboxCoversBothKeys: true,
}
export type SideGuard = keyof typeof sideGuards
export type Guards = Record<SideGuard, boolean> & KeyGuards & SideGuards
export const guardsWithout = (guard?: SideGuard): Guards => ({
  ...{ ...allGuards, ...sideGuards },
  ...(guard && { [guard]: false }),
})

export type Schema = 'A' | 'B'
/** The id's main key, or the side key of a schema. */
export type Place = 'main' | Schema
export const places: Place[] = ['main', 'A', 'B']

/** A value is the number of the commit that made it, which is also its version; 1 was there from the start. */
export type Value = number

export interface Reader {
  process: number
  /** How many gets the reader has left, including the current one. */
  gets: number
  /**
   * - `delivered`: has delivered the outbox of its process
   * - `side`: about to read its side key
   * - `asking`: about to ask for the lease
   * - `waiting`: waits for the holder of the lease `lease`
   * - `following`: waits for a load of its process
   */
  at: 'idle' | 'delivered' | 'side' | 'asking' | 'waiting' | 'following'
  /** The least value that its get may return. */
  promised: Value
  /** The key that it reads. */
  place: Place
  /** At a side key: the fill id of the main entry that it has found. */
  mainFillId?: Token | undefined
  /** The fill id of the entry that it may replace. */
  seen?: Token | undefined
  lease?: Token | undefined
  minVersion?: Value | undefined
}

export interface Flight {
  process: number
  at: 'loading' | 'loaded'
  place: Place
  mainFillId?: Token | undefined
  lease: Token
  value?: Value | undefined
  followers: number[]
  /** The readers whose current get began before this load did. */
  earlierReaders: number[]
}

export interface Process {
  schema: Schema
  /** The newest value that it has served. */
  served: Value
  /** Its outbox: before it reads again, it removes every entry at these keys that is older than this version. */
  outbox?: { version: Value; places: Place[] } | undefined
}

export interface State {
  keys: Record<Place, Key>
  readers: Reader[]
  flights: Flight[]
  processes: Process[]
  /** The value in the database. */
  written: Value
  /** The value whose removal is done. */
  done: Value
  /**
   * Where a load may begin: none has since the key was empty, stale, removed or returned, or since the main entry was
   * replaced.
   */
  mayLoad: Record<Place, boolean>
}

export interface Step extends StepTo<State> {
  answers?: { value: Value; promised: Value; process: number }[]
  /** The step takes the lease of this key. */
  takes?: Place
}

/**
 * Returns the state with a key changed. If the main entry goes, its side entries may be loaded again.
 *
 * @param mayLoad a load may also begin at the key itself
 */
export function withKey(state: State, place: Place, key: Key, mayLoad = false): State {
  const isGone = place === 'main' && key.entry?.fillId !== state.keys.main.entry?.fillId
  const may = { ...state.mayLoad, ...(isGone && { A: true, B: true }), ...(mayLoad && { [place]: true }) }
  return { ...state, keys: { ...state.keys, [place]: key }, mayLoad: may }
}

/** Returns a token that nothing in the state uses. */
export function unusedToken({ keys, readers, flights }: State): Token {
  const used = new Set<unknown>()
  for (const { entry, lease } of Object.values(keys)) used.add(lease).add(entry?.fillId).add(entry?.of)
  for (const { mainFillId, seen, lease } of [
    ...readers,
    ...flights.map((each) => ({ ...each, seen: undefined })),
  ])
    used.add(mainFillId).add(seen).add(lease)
  let token = 1
  while (used.has(token)) token++
  return token
}
