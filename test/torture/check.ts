import { bypassesWithoutCause, failuresWithoutCause, lateAnswers } from './answers.ts'
import { type Circumstances, Timeline, undisturbed } from './circumstances.ts'
import { Floors } from './floors.ts'
import {
  type Answered,
  type CacheName,
  type Committed,
  caches,
  type Load,
  type Operation,
  type Removed,
  type Unanswered,
} from './history.ts'
import { loadsWithoutReason } from './oneLoad.ts'

/** The rules of a history. Each name says how the rule was broken. */
export type Rule =
  | 'stale after a confirmed removal'
  | 'stale after a removal of its own process'
  | 'older than the database'
  | 'stale fallback'
  | 'older than an entry may live'
  | 'text of another version'
  | 'load without a reason'
  | 'late answer'
  | 'bypass without a cause'
  | 'failure without a cause'

/** A broken rule. */
export interface Violation {
  rule: Rule
  answer: Answered | Unanswered | Load
  /** The lowest version that the answer was allowed to have. */
  floor?: number
  /** The operation that proves it. */
  because?: Operation
}

/** What the caches of a history promise of their values. */
export interface Promises {
  /** How long a process may serve the value of its own last load, ms. */
  fallbackMs: number
  /** How long after the start of its load the cache may serve a value, whatever happened to its removal, ms. */
  lifeMs: number
  /** False if Redis may lose a removal that it has acknowledged, as in a failover. Then removals promise nothing. */
  keepsRemovals?: boolean
}

/** What the caches also promise of times and loads, ms. */
export interface AllPromises extends Promises {
  /** The shortest time for which a value is fresh after the start of its load. */
  minFreshMs: number
  /** The same for the answer "does not exist". */
  negativeTtl: number
  leaseMs: number
  waitMs: number
  cacheTimeoutMs: number
  loadTimeoutMs: number
}

/**
 * Finds every read of a history that breaks a promise.
 *
 * A version is known from the moment at which its commit had ended or a read had returned it. An answer may be:
 *
 * - From the cache (a hit, collapsed or stale): at least the version that was known when a removal of its id began, if
 *   that removal was confirmed before the `get` began (`stale after a confirmed removal`). A removal that names a version
 *   proves only that version. For the removal's own process, a deferred removal counts as much as a confirmed one
 *   (`stale after a removal of its own process`).
 * - From the cache, after a removal of *another* process that was deferred, or that a killed process never sent: any
 *   version that no confirmed removal forbids, but no value that outlives an entry (`older than an entry may live`).
 * - From the database: at least the version that was known when the `get` began, because loads are strongly consistent
 *   (`older than the database`).
 * - From the process' own last load while Redis is away: at least the version that was known `fallbackMs` before the `get`
 *   began (`stale fallback`).
 * - With the text that the commit of its version wrote (`text of another version`). Every `get` has an answer (`failure
 *   without a cause`).
 *
 * No rule says that the versions read by a process never fall. They do fall if one answer comes from the database, after a
 * commit and before its removal, and the next answer comes from the cache. Once the removal is confirmed, the first rule
 * forbids that.
 */
export function check(history: Operation[], promises: Promises): Violation[] {
  return [...checkValues(history, promises), ...history.filter(isUnanswered).map(toViolation)]
}

/**
 * Finds the same, and every broken promise of loads and times. The circumstances may excuse an operation.
 *
 * - Every load under a lease has its reason (`load without a reason`, ./oneLoad.ts).
 * - Every answer comes in time (`late answer`, ./answers.ts).
 * - A `get` fails only for a cause (`failure without a cause`, ./answers.ts).
 * - A `get` bypasses the cache only if it has to (`bypass without a cause`, ./answers.ts).
 */
export function checkAll(
  history: Operation[],
  promises: AllPromises,
  circumstances: Circumstances = undisturbed,
): Violation[] {
  const timeline = new Timeline(circumstances)
  return [
    ...checkValues(history, promises),
    ...loadsWithoutReason(history, promises, timeline),
    ...lateAnswers(history, promises, timeline),
    ...bypassesWithoutCause(history, promises, timeline),
    ...failuresWithoutCause(history, promises, timeline),
  ]
}

const isUnanswered = (each: Operation): each is Unanswered => each.type === 'unanswered'
const toViolation = (answer: Unanswered): Violation => ({ rule: 'failure without a cause', answer })

const checkValues = (history: Operation[], promises: Promises): Violation[] =>
  [...Map.groupBy(history, ({ id }) => id).values()].flatMap((operations) => checkId(operations, promises))

function checkId(history: Operation[], { fallbackMs, lifeMs, keepsRemovals = true }: Promises): Violation[] {
  const answers = history.filter((each): each is Answered => each.type === 'answered')
  const commits = history.filter((each): each is Committed => each.type === 'committed')
  const removals = history.filter((each): each is Removed => each.type === 'removed')
  const texts = new Map(commits.map(({ version, text }) => [version, text]))

  const known = new Floors(
    [...commits, ...answers].map((each) => ({ from: each.end, version: each.version, because: each })),
  )
  const floorOf = (removal: Removed) => ({
    from: removal.end,
    version: removal.version ?? known.at(removal.start).version,
    because: removal,
  })
  /** By cache: what its confirmed removals forbid to all processes, and what all of its removals forbid to their own process. */
  const forbidden = new Map(
    caches.map((cache) => {
      const ofCache = removals.filter((each) => each.caches.includes(cache))
      const confirmed = new Floors(ofCache.filter(({ outcome }) => outcome === 'done').map(floorOf))
      const byProcess = Map.groupBy(ofCache, ({ process }) => process)
      const own = new Map([...byProcess].map(([process, some]) => [process, new Floors(some.map(floorOf))]))
      return [cache, { confirmed, own }] as const
    }),
  )
  const floorsFor = (cache: CacheName, process: string, start: number) => {
    const { confirmed, own } = forbidden.get(cache) ?? { confirmed: nothing, own: new Map() }
    return { confirmed: confirmed.at(start), own: (own.get(process) ?? nothing).at(start) }
  }
  const nothing = new Floors([])

  const violations: Violation[] = []
  for (const answer of answers) {
    const { from, start, version, process, cache } = answer
    const demands: [Rule, ReturnType<Floors['at']>][] =
      from === 'database'
        ? [['older than the database', known.at(start)]]
        : from === 'fallback'
          ? [['stale fallback', known.at(start - fallbackMs)]]
          : [['older than an entry may live', known.at(start - lifeMs)]]
    if (from === 'cache' && keepsRemovals) {
      const { confirmed, own } = floorsFor(cache, process, start)
      demands.unshift(
        ['stale after a confirmed removal', confirmed],
        ['stale after a removal of its own process', own],
      )
    }
    const broken = demands.find(([, floor]) => version < floor.version)
    if (broken) {
      const [rule, { version: floor, because }] = broken
      violations.push({ rule, answer, floor, ...(because && { because }) })
    } else if (version > 0 && texts.has(version) && texts.get(version) !== answer.text) {
      violations.push({ rule: 'text of another version', answer })
    }
  }
  return violations
}
