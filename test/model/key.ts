/**
 * What Redis holds at a key, and what each command makes of it. The exploration runs on these functions, and a test
 * holds the scripts of lib/cacheAside against them, on a real Redis: so model and code cannot drift apart.
 */

/**
 * The name of a lease. Each is told from every other one: a whole number is the caller's part; Redis adds its own, so that
 * a request which is executed a second time, when the first lease is gone, makes another one, half a number higher.
 */
export type Token = number

export const callerOf = (token: Token): Token => Math.floor(token)

/** In place of a token: the last load has failed. */
export const failed: Token = -1
/** The same where nothing has failed; only a protocol without one of its guards leaves it. */
export const falselyFailed: Token = -2
/** The lease of a caller who could not help leaving it: killed, or cut off. */
export const excused: Token = -3

/**
 * 0: fresh. 1: stale, served while one caller refreshes it. 2: older, served only where loading fails. 3: served no more;
 * Redis drops it at any moment.
 *
 * A value that ends at an instant (`until`) needs no more than that: Redis drops its entry then, as one that is served
 * only while fresh; a lease is put only into what Redis keeps for longer than the lease, so a stale one gives way to it
 * for as long before its end; and a load whose value has ended by the time it comes gives its lease back, as one that was
 * given up, and its caller begins anew.
 */
export type Age = 0 | 1 | 2 | 3

export interface Entry {
  /** The number of the commit that made the value; 0 was there from the start. */
  value: number
  version: number
  age: Age
  /** The lease under which it was filled, which tells it from every other entry. */
  fill: Token
  /**
   * Whose it is: at the key of an id a schema's; at a side key the one that lies beside the entry with this fill. Left
   * out where there is but one schema.
   */
  of?: Owner | undefined
}
export type Owner = string | Token

/** An entry, a lease, both (an entry that is being refreshed), or nothing. */
export interface Key {
  entry?: Entry | undefined
  lease?: Token | undefined
  /** The lease in an entry has run out. A lease that stands alone is gone when it ends. */
  ended?: boolean
  /** The least version that a bare lease's fill must have. */
  least?: number | undefined
  /** The lease was put into an entry that Redis may drop before the lease ends. */
  brittle?: boolean
  /** Bad content, which nobody can use; where it is an entry that was cut short, its version can still be read. */
  foreign?: { version?: number } | undefined
}

/** Which of the rules of these commands hold; all of them unless a test takes one out. */
export interface KeyGuards {
  fillNeedsToken: boolean
  fillIsNotByVersion: boolean
  tokensDiffer: boolean
  fillNeedsLeast: boolean
  fillKnowsItself: boolean
  leaseOnlyWhereFree: boolean
  leaseKnowsItself: boolean
  redisNamesLease: boolean
  refreshOnlyOfEntrySeen: boolean
  unservableGivesWay: boolean
  lifeIsByRedisClock: boolean
  releaseNeedsToken: boolean
  removalDropsLease: boolean
  eventSparesNewer: boolean
  eventLeavesLease: boolean
  eventLeavesRefresh: boolean
  leastOnlyRises: boolean
}

export const runs = ({ lease, ended }: Key): boolean => lease !== undefined && !ended
export const isMark = (token: Token | undefined): boolean => token === failed || token === falselyFailed

/** A request for a lease. */
export interface Request {
  /** The caller's part of its name. */
  caller: Token
  /** The entry that the caller has seen and cannot use, stale or of another owner, by the token of its fill. */
  seen: Token | undefined
  /** How old that entry was by the caller's clock. */
  age?: Age | undefined
  /** It was executed before. */
  again?: boolean
}

/**
 * Asks for the lease.
 *
 * @returns `token`: of the lease that is now held; undefined where what stands there is handed back
 */
export function leased(
  key: Key,
  { caller, seen, age, again }: Request,
  guards: KeyGuards,
): { key: Key; token?: Token } {
  const { entry, lease } = key
  if (runs(key) && lease !== undefined && callerOf(lease) === caller && guards.leaseKnowsItself)
    return { key, token: lease }
  const asSeen = entry !== undefined && entry.fill === seen
  const free = !runs(key) && (!entry || asSeen || !guards.refreshOnlyOfEntrySeen)
  if (!free && guards.leaseOnlyWhereFree) return { key }
  const token = again && guards.redisNamesLease ? caller + 0.5 : caller
  // It lives on for longer than the lease, by Redis' clock.
  const lasts = (guards.lifeIsByRedisClock ? (entry?.age ?? 3) : (age ?? 3)) < 3
  // One of another schema stays as well, for those who can use it.
  if (!entry || (!lasts && guards.unservableGivesWay)) return { key: { lease: token }, token }
  return { key: { entry, lease: token, ...(entry.age === 3 && { brittle: true }) }, token }
}

/** Stores what was loaded under a lease. */
export function filled(
  key: Key,
  token: Token,
  entry: Omit<Entry, 'fill' | 'age'>,
  guards: KeyGuards,
): { key: Key; stored: boolean } {
  const stored = { key: { entry: { ...entry, age: 0 as const, fill: token } }, stored: true }
  if (!guards.fillNeedsToken) return stored
  if (!guards.fillIsNotByVersion && !(key.entry && key.entry.version >= entry.version)) return stored
  if (guards.tokensDiffer ? key.lease !== token : key.lease === undefined)
    return { key, stored: guards.fillKnowsItself && key.entry?.fill === token }
  if (key.least !== undefined && entry.version < key.least && guards.fillNeedsLeast)
    return { key: {}, stored: false }
  return stored
}

/**
 * Ends a lease: gives it back, or leaves a mark that its load has failed.
 *
 * @param byCaller it does not know the whole of its name
 */
export function released(
  key: Key,
  token: Token,
  mark: Token | undefined,
  guards: KeyGuards,
  byCaller = false,
): Key {
  const { lease } = key
  const its = lease !== undefined && (byCaller ? callerOf(lease) : lease) === token
  if (!its && guards.releaseNeedsToken) return key
  return key.entry ? { entry: key.entry, ...(mark && { lease: mark }) } : mark ? { lease: mark } : {}
}

/** Removes what is older than a version; without one, whatever there is. */
export function removed(key: Key, version: number | undefined, guards: KeyGuards): Key {
  if (version === undefined) return guards.removalDropsLease || !runs(key) ? {} : { lease: key.lease }
  const { entry, lease, least = version } = key
  const known = entry?.version ?? key.foreign?.version
  if (known !== undefined && known >= version && guards.eventSparesNewer) return key
  // A mark goes: who has written can also read.
  if (!runs(key) || isMark(lease) || !(entry ? guards.eventLeavesRefresh : guards.eventLeavesLease)) return {}
  return { lease, least: guards.leastOnlyRises ? Math.max(version, least) : version }
}
