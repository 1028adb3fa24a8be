/**
 * Models a key in Redis and the commands that change it. The exploration runs on these functions. A test checks the
 * scripts of lib/cacheAside against them on a real Redis, so the model and the code cannot drift apart.
 */

/**
 * The name of a lease; no two leases share one. A whole number is the caller's part. Redis adds its own part, so if a
 * request is executed a second time after the first lease is gone, it makes another lease, half a number higher.
 */
export type Token = number

export const callerPart = (token: Token): Token => Math.floor(token)

/** Takes the place of a token: the last load failed. */
export const failed: Token = -1
/** The same mark although no load failed. Only a protocol without one of its guards leaves it. */
export const falselyFailed: Token = -2
/** The lease of a caller that was killed or cut off and so could not return it. */
export const orphaned: Token = -3

/**
 * 0: fresh. 1: stale, served while one caller refreshes it. 2: older, served only if the load fails. 3: no longer
 * served; Redis may drop it at any moment.
 *
 * A value that ends at an instant (`until`) needs no further age. Redis drops its entry at that instant, like an entry
 * that is served only while fresh. A lease is put only into an entry that Redis keeps for longer than the lease, so near
 * the end of its value a stale entry is replaced by the lease. A load whose value has already ended when it arrives
 * returns its lease, like an abandoned load, and its caller begins again.
 */
export type Age = 0 | 1 | 2 | 3

export interface Entry {
  /** The number of the commit that made the value; 0 was there from the start. */
  value: number
  version: number
  age: Age
  /** The lease under which it was filled. It distinguishes this entry from every other one. */
  fillId: Token
  /**
   * The owner. At the main key of an id: a schema. At a side key: the fill of the main entry that this side entry belongs to.
   * Left out where there is only one schema.
   */
  of?: Owner | undefined
}
export type Owner = string | Token

/** An entry, a lease, both (an entry that is being refreshed), or nothing. */
export interface Key {
  entry?: Entry | undefined
  lease?: Token | undefined
  /** The lease in an entry has run out. A lease that stands alone is gone when it ends. */
  leaseEnded?: boolean
  /** The lowest version that the fill of a bare lease must have. */
  minVersion?: number | undefined
  /** The lease was put into an entry that Redis may drop before the lease ends. */
  mayDropEarly?: boolean
  /** Bad content, which no reader can use. If it is an entry that was cut short, its version can still be read. */
  unreadable?: { version?: number } | undefined
}

/** Which rules of these commands hold: all of them, unless a test removes one. */
export interface KeyGuards {
  fillNeedsToken: boolean
  higherVersionIsNotEnough: boolean
  tokensDiffer: boolean
  fillNeedsMinVersion: boolean
  repeatedFillIsStored: boolean
  leaseOnlyIfFree: boolean
  repeatedRequestKeepsLease: boolean
  redisAddsToToken: boolean
  refreshOnlyEntrySeen: boolean
  leaseReplacesUnservable: boolean
  lifeIsByRedisClock: boolean
  releaseNeedsToken: boolean
  removalDropsLease: boolean
  eventSparesNewer: boolean
  eventKeepsLease: boolean
  eventKeepsRefreshLease: boolean
  minVersionOnlyRises: boolean
}

export const isLeaseRunning = ({ lease, leaseEnded }: Key): boolean => lease !== undefined && !leaseEnded
export const isFailureMark = (token: Token | undefined): boolean =>
  token === failed || token === falselyFailed

/** A request for a lease. */
export interface Request {
  /** The caller's part of the token. */
  caller: Token
  /** The fill id of the entry that the caller has seen and cannot use, because it is stale or has another owner. */
  seen: Token | undefined
  /** How old that entry was by the caller's clock. */
  age?: Age | undefined
  /** The request was executed before. */
  again?: boolean
}

/**
 * Asks for the lease.
 *
 * @returns `token`: the lease that the caller now holds; undefined if Redis hands back what the key holds instead
 */
export function takeLease(
  key: Key,
  { caller, seen, age, again }: Request,
  guards: KeyGuards,
): { key: Key; token?: Token } {
  const { entry, lease } = key
  if (
    isLeaseRunning(key) &&
    lease !== undefined &&
    callerPart(lease) === caller &&
    guards.repeatedRequestKeepsLease
  )
    return { key, token: lease }
  const isEntrySeen = entry !== undefined && entry.fillId === seen
  const isFree = !isLeaseRunning(key) && (!entry || isEntrySeen || !guards.refreshOnlyEntrySeen)
  if (!isFree && guards.leaseOnlyIfFree) return { key }
  const token = again && guards.redisAddsToToken ? caller + 0.5 : caller
  // Whether the entry outlives the lease, by the clock of Redis.
  const lasts = (guards.lifeIsByRedisClock ? (entry?.age ?? 3) : (age ?? 3)) < 3
  // An entry of another schema stays as well, for the readers that can use it.
  if (!entry || (!lasts && guards.leaseReplacesUnservable)) return { key: { lease: token }, token }
  return { key: { entry, lease: token, ...(entry.age === 3 && { mayDropEarly: true }) }, token }
}

/** Stores what was loaded under a lease. */
export function fillEntry(
  key: Key,
  token: Token,
  entry: Omit<Entry, 'fillId' | 'age'>,
  guards: KeyGuards,
): { key: Key; stored: boolean } {
  const stored = { key: { entry: { ...entry, age: 0 as const, fillId: token } }, stored: true }
  if (!guards.fillNeedsToken) return stored
  if (!guards.higherVersionIsNotEnough && !(key.entry && key.entry.version >= entry.version)) return stored
  if (guards.tokensDiffer ? key.lease !== token : key.lease === undefined)
    return { key, stored: guards.repeatedFillIsStored && key.entry?.fillId === token }
  if (key.minVersion !== undefined && entry.version < key.minVersion && guards.fillNeedsMinVersion)
    return { key: {}, stored: false }
  return stored
}

/**
 * Ends a lease: returns it, or leaves a mark that its load has failed.
 *
 * @param byCaller the caller does not know the part of the token that Redis added
 */
export function releaseLease(
  key: Key,
  token: Token,
  mark: Token | undefined,
  guards: KeyGuards,
  byCaller = false,
): Key {
  const { lease } = key
  const isHolder = lease !== undefined && (byCaller ? callerPart(lease) : lease) === token
  if (!isHolder && guards.releaseNeedsToken) return key
  return key.entry ? { entry: key.entry, ...(mark && { lease: mark }) } : mark ? { lease: mark } : {}
}

/** Removes what is older than a version, or everything if there is no version. */
export function removeEntry(key: Key, version: number | undefined, guards: KeyGuards): Key {
  if (version === undefined)
    return guards.removalDropsLease || !isLeaseRunning(key) ? {} : { lease: key.lease }
  const { entry, lease, minVersion = version } = key
  const known = entry?.version ?? key.unreadable?.version
  if (known !== undefined && known >= version && guards.eventSparesNewer) return key
  const keepsLease = entry ? guards.eventKeepsRefreshLease : guards.eventKeepsLease
  // A failure mark goes: if a write succeeded, a read can succeed too.
  if (!isLeaseRunning(key) || isFailureMark(lease) || !keepsLease) return {}
  return {
    lease,
    minVersion: guards.minVersionOnlyRises ? Math.max(version, minVersion) : version,
  }
}
