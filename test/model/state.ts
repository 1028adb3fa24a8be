import type { StepTo } from './explore.ts'
import { callerOf, type Entry, type Key, type Request, type Token } from './key.ts'

/** A value is the number of the commit that made it; 0 was there from the start. */
export type Value = number

/**
 * What a get may rely on: the last commit whose removal is done, the last one of its own process, done or deferred, and
 * the newest value that its process has served.
 */
export interface Promised {
  done: Value
  own: Value
  served: Value
}

export const nothingPromised: Promised = { done: 0, own: 0, served: 0 }

export interface Reader {
  process: number
  /** How many it will do, the present one included. */
  gets: number
  /**
   * `owing`: about to deliver what removals are owed; `removed`: has, and awaits the answer; `empty` and `stale`: found nothing, or
   * `seen`, and is about to ask for the lease; `asked`: its client sends the lease `token` once more; `waiting`: for the
   * holder of the lease `token`; `following`: a load of its own process.
   */
  at: 'idle' | 'owing' | 'removed' | 'empty' | 'stale' | 'asked' | 'waiting' | 'following'
  promised: Promised
  /** The stale entry that this get last found in place. */
  seen?: Entry | undefined
  token?: Token | undefined
  /** The least version that it found at the lease. */
  least?: number | undefined
  /** What was owed when it delivered that. */
  debts?: Debts | undefined
  /** It follows a load that is kept for while Redis is away, and that may have begun before it. */
  fallback?: boolean
}

/** A load that runs in a process, for all of its gets that follow it. */
export interface Flight {
  process: number
  /** The lease under which it loads; none past the cache. */
  token?: Token | undefined
  /** `filled`: once, and its client sends the fill once more. */
  at: 'loading' | 'holding' | 'filled'
  value?: Value | undefined
  /** The reader who has begun it, while that one follows it. */
  leader?: number | undefined
  followers: number[]
  /** The readers whose present get began before it did. */
  after: number[]
  /** Its value is kept for while Redis is away. */
  keeps?: boolean
  /** It was given up, and is found all the same. */
  givenUp?: boolean
}

/** What a caller has sent who waits for it no longer, in the order in which it was sent. */
export interface Sent {
  process: number
  token: Token
  commands: (
    | ({ does: 'lease' } & Request)
    | { does: 'fill'; value: Value }
    | { does: 'release'; mark?: Token; byCaller?: true }
  )[]
}

export interface Writer {
  process: number
  /** An `edit` goes past the catalog: it neither raises the version nor removes anything. */
  kind: 'write' | 'edit'
  /** `removing`: has committed `value`; `late`: gave the commit up as failed, and it is yet to happen. */
  at: 'idle' | 'removing' | 'removingEarly' | 'committing' | 'late' | 'done'
  value: Value
}

/** What a process owes Redis, and delivers before it reads the key again. */
export interface Debts {
  /** The removal that was deferred, by its commit; 0 for none. */
  owed: Value
  /** The version of what was served and not stored: what is older is to be removed, and for version 0 whatever there is. */
  due?: number | undefined
}

/** What is known in one process. */
export interface Process extends Debts {
  /** Its last commit whose write has ended, be the removal done or deferred. */
  own: Value
  /** The newest value that any of its gets has served. */
  served: Value
  /** Its circuit breaker is open. */
  open?: boolean
  /** What it has loaded while Redis was away. */
  kept?: Value | undefined
}

/** Everything about one id. */
export interface State {
  /** The version of each value; the last value is the one in the database. */
  versions: number[]
  key: Key
  readers: Reader[]
  flights: Flight[]
  sent: Sent[]
  writers: Writer[]
  processes: Process[]
  /** How many of the commits the stream has delivered. */
  delivered: number
  /** The last commit whose removal was reported done. */
  done: Value
  /** The key may be loaded under a lease: nothing was loaded since it was empty, stale, removed, lost or given up. */
  mayLoad: boolean
  /** What a replica holds that may take over, and what was done by then; once it has, nothing. */
  replica?: { key: Key; done: Value } | undefined
  /** The failover has been. */
  failedOver?: boolean
  /** A process was killed. */
  killed?: boolean
}

/** How a get came by its answer. */
export type How = 'hit' | 'stale' | 'collapsed' | 'loaded' | 'bypass' | 'fallback' | 'failed'

export interface Answer {
  how: How
  value?: Value | undefined
  promised: Promised
  process: number
  /** Redis was known to be away when it began. */
  away?: boolean | undefined
  /** Why it failed. */
  cause?: 'load' | 'time' | undefined
}

export interface Step extends StepTo<State> {
  /** The gets that this step ends. */
  answers?: Answer[]
  /**
   * It takes a lease, `early` where its clock is ahead; or it begins a load past the cache though one of its process
   * could be followed.
   */
  takes?: 'lease' | 'early' | 'second load'
  /** The commit that the stream tells of. */
  event?: Value
  /** The answer of a fill is taken for a refusal. */
  refused?: Token
}

export const inDatabase = (state: State): Value => state.versions.length - 1

/** The version of a value; there are no others than those in the state. */
export const versionOf = (state: State, value: Value): number => state.versions[value] as number

/** A lease's name that nothing in the state bears. */
export function freshToken({ key, readers, flights, sent, replica }: State): Token {
  const used = new Set([key.lease, key.entry?.fill, replica?.key.lease, replica?.key.entry?.fill])
  for (const { token, seen } of readers) used.add(token).add(seen?.fill)
  for (const { token } of flights) used.add(token)
  for (const { token } of sent) used.add(token)
  const callers = new Set([...used].map((token) => token && callerOf(token)))
  let token = 1
  while (callers.has(token)) token++
  return token
}
