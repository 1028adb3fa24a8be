import type { StepTo } from './explore.ts'
import { callerPart, type Entry, type Key, type Request, type Token } from './key.ts'

/** A value is the number of the commit that made it; 0 was there from the start. */
export type Value = number

/** The commits and values that bound the answer of a get from below. */
export interface Promised {
  /** The last commit whose removal is done. */
  done: Value
  /** The last commit of the get's own process, its removal done or deferred. */
  own: Value
  /** The newest value that the get's process has served. */
  served: Value
}

export const nothingPromised: Promised = { done: 0, own: 0, served: 0 }

export interface Reader {
  process: number
  /** How many gets the reader has left, including the current one. */
  gets: number
  /**
   * - `outbox`: about to deliver the removals in its outbox
   * - `removed`: has sent them and awaits the answer
   * - `empty`, `stale`: found nothing, or the entry `seen`, and is about to ask for the lease
   * - `askingAgain`: its client sends the request for the lease `token` once more
   * - `waiting`: waits for the holder of the lease `token`
   * - `following`: waits for a load of its own process
   */
  at: 'idle' | 'outbox' | 'removed' | 'empty' | 'stale' | 'askingAgain' | 'waiting' | 'following'
  promised: Promised
  /** The stale entry that this get last found in place. */
  seen?: Entry | undefined
  token?: Token | undefined
  /** The lowest version that it found at the lease. */
  minVersion?: number | undefined
  /** What the outbox held when the reader delivered it. */
  delivering?: Outbox | undefined
  /** It follows a load that serves as the fallback while Redis is away, and that may have begun before this get. */
  fallback?: boolean
}

/** A load that runs in a process, for all gets of the process that follow it. */
export interface Flight {
  process: number
  /** The lease under which it loads; undefined for a load that bypasses the cache. */
  token?: Token | undefined
  /** `filled`: the fill was executed once, and the client sends it once more. */
  at: 'loading' | 'loaded' | 'filled'
  value?: Value | undefined
  /** The reader that began it, as long as that reader follows it. */
  leader?: number | undefined
  followers: number[]
  /** The readers whose current get began before this load did. */
  earlierReaders: number[]
  /** Its value becomes the fallback of its process while Redis is away. */
  isForFallback?: boolean
  /** It was abandoned but can still be found. Only a protocol without one of its guards has such loads. */
  isAbandoned?: boolean
}

/** Commands whose sender no longer waits for them, in the order in which they were sent. */
export interface Abandoned {
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
  /** An `edit` changes the table directly: it neither raises the version nor removes anything. */
  kind: 'write' | 'edit'
  /** `removing`: has committed `value`. `late`: abandoned its commit as failed, and that commit has yet to happen. */
  at: 'idle' | 'removing' | 'removingEarly' | 'committing' | 'late' | 'done'
  value: Value
}

/** The removals that Redis has not confirmed to a process. The process delivers them before it reads the key again. */
export interface Outbox {
  /** The commit whose removal was deferred; 0 for none. */
  deferred: Value
  /**
   * The version of a value that was served and not stored. Every older entry must be removed; if the version is 0, any
   * entry.
   */
  olderThan?: number | undefined
}

/** What one process knows. */
export interface Process extends Outbox {
  /** Its last commit whose write has ended, the removal done or deferred. */
  own: Value
  /** The newest value that any of its gets has served. */
  served: Value
  /** Its circuit breaker is open. */
  isBreakerOpen?: boolean
  /** The value that it loaded while Redis was away. */
  fallback?: Value | undefined
}

/** Everything about one id. */
export interface State {
  /** The version of each value; the last value is the one in the database. */
  versions: number[]
  key: Key
  readers: Reader[]
  flights: Flight[]
  abandoned: Abandoned[]
  writers: Writer[]
  processes: Process[]
  /** How many of the commits the stream has delivered. */
  delivered: number
  /** The last commit whose removal was reported done. */
  done: Value
  /** A load under a lease may begin: none has begun since the key was last empty, stale, removed, lost or returned. */
  mayLoad: boolean
  /** The key and `done` as a replica last received them. The replica may take over. Undefined after the failover. */
  replica?: { key: Key; done: Value } | undefined
  /** The failover has happened. */
  failedOver?: boolean
  /** A process was killed. */
  killed?: boolean
}

/** How a get got its answer. */
export type How = 'hit' | 'stale' | 'collapsed' | 'loaded' | 'bypass' | 'fallback' | 'failed'

export interface Answer {
  how: How
  value?: Value | undefined
  promised: Promised
  process: number
  /** The process knew that Redis was away when the get began. */
  away?: boolean | undefined
  /** Why it failed: the load failed, or the caller's own time had run out. */
  cause?: 'load' | 'time' | undefined
}

export interface Step extends StepTo<State> {
  /** The gets that this step ends. */
  answers?: Answer[]
  /**
   * `lease`: the step takes a lease; `early`: it does so because the reader's clock is ahead; `second load`: it begins
   * a load that bypasses the cache although the reader could follow a load of its process.
   */
  takes?: 'lease' | 'early' | 'second load'
  /** The commit that the stream delivers. */
  event?: Value
  /** The lease of a fill whose answer is understood as a refusal. */
  refused?: Token
}

export const inDatabase = (state: State): Value => state.versions.length - 1

/** Returns the version of a value, which must be one of the values in the state. */
export const versionOf = (state: State, value: Value): number => state.versions[value] as number

/** Returns a token that nothing in the state uses. */
export function unusedToken({ key, readers, flights, abandoned, replica }: State): Token {
  const used = new Set([key.lease, key.entry?.fillId, replica?.key.lease, replica?.key.entry?.fillId])
  for (const { token, seen } of readers) used.add(token).add(seen?.fillId)
  for (const { token } of flights) used.add(token)
  for (const { token } of abandoned) used.add(token)
  const callers = new Set([...used].map((token) => token && callerPart(token)))
  let token = 1
  while (callers.has(token)) token++
  return token
}
