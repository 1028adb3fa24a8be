import { leftOut, tooLate, withoutCause } from './answers.ts'
import { Around, type Circumstances, calm } from './circumstances.ts'
import { Floors } from './floors.ts'
import {
  type CacheName,
  type Committed,
  caches,
  type Got,
  type Load,
  type Operation,
  type Removed,
  type Unanswered,
} from './history.ts'
import { loadsWithoutReason } from './oneLoad.ts'

/**
 * What a history may not show. `floor` is the least version that the answer was allowed to have, `because` the
 * operation that proves it.
 */
export interface Violation {
  rule: 'G1' | 'G2' | 'G3' | 'G4' | 'G7' | 'away' | 'database' | 'fallback' | 'life' | 'text'
  answer: Got | Unanswered | Load
  floor?: number
  because?: Operation
}

/** What the caches of a history promise of their values. */
export interface Promises {
  /** How long an answer of this process' own last load may be served. */
  fallbackMs: number
  /** How long after the begin of its load a value may come out of the cache, whatever happened to its removal. */
  lifeMs: number
  /** False where Redis may forget a removal that it has acknowledged, as in a failover: then G1 and G2 are not promised. */
  keepsRemovals?: boolean
}

/** And of times and loads. */
export interface AllPromises extends Promises {
  /** The shortest time for which a value is fresh after its load has begun, and that for "does not exist". */
  minFreshMs: number
  negativeTtl: number
  leaseMs: number
  waitMs: number
  cacheTimeoutMs: number
  loadTimeoutMs: number
}

/**
 * Finds every read of a history that breaks a promise.
 *
 * Known is a version from the moment on at which its commit had ended, or somebody had read it. What an answer may be:
 *
 * - From the cache (a hit, joined, stale): it must know whatever was known when a removal of its id began, if that
 *   removal was confirmed before the `get` began (G1). A removal that names a version proves that version alone.
 *   To the process itself a removal that was deferred counts as much as a confirmed one (G2).
 * - From the cache, after a removal of *another* process that was deferred, or that a killed process never sent: anything
 *   that no confirmed removal forbids, but nothing older than the life of an entry (`life`).
 * - From the database: whatever was known when the `get` began, since loads are strongly consistent (`database`).
 * - From the process' own last load, Redis being away: whatever was known `fallbackMs` before the `get` began (`fallback`).
 * - A version has the text that its commit wrote (`text`), and every `get` has an answer (`G4`).
 *
 * No rule says that the versions which a process reads never fall. They do where one answer came from the database,
 * after a commit and before its removal, and the next from the cache; once the removal is confirmed G1 forbids it.
 */
export function check(history: Operation[], promises: Promises): Violation[] {
  return [...values(history, promises), ...history.filter(isUnanswered).map(unanswered)]
}

/**
 * Also what promises of loads and of times are broken, by what else happened meanwhile: every load by a lease has its
 * reason (`G3`, ./oneLoad.ts); every answer comes in time (`G7`); there is none only for a cause (`G4`); and the cache is
 * left out only where it has to be (`away`; all three ./answers.ts).
 */
export function checkAll(
  history: Operation[],
  promises: AllPromises,
  circumstances: Circumstances = calm,
): Violation[] {
  const around = new Around(circumstances)
  return [
    ...values(history, promises),
    ...loadsWithoutReason(history, promises, around),
    ...tooLate(history, promises, around),
    ...leftOut(history, promises, around),
    ...withoutCause(history, promises, around),
  ]
}

const isUnanswered = (each: Operation): each is Unanswered => each.type === 'unanswered'
const unanswered = (answer: Unanswered): Violation => ({ rule: 'G4', answer })

const values = (history: Operation[], promises: Promises): Violation[] =>
  [...Map.groupBy(history, ({ id }) => id).values()].flatMap((operations) => checkId(operations, promises))

function checkId(history: Operation[], { fallbackMs, lifeMs, keepsRemovals = true }: Promises): Violation[] {
  const gets = history.filter((each): each is Got => each.type === 'got')
  const commits = history.filter((each): each is Committed => each.type === 'committed')
  const removals = history.filter((each): each is Removed => each.type === 'removed')
  const texts = new Map(commits.map(({ version, text }) => [version, text]))

  const known = new Floors(
    [...commits, ...gets].map((each) => ({ from: each.end, version: each.version, because: each })),
  )
  const floorOf = (removal: Removed) => ({
    from: removal.end,
    version: removal.version ?? known.at(removal.start).version,
    because: removal,
  })
  /** What the removals of the entries of one cache forbid, all that were confirmed, and all of one process. */
  const forbidden = new Map(
    caches.map((cache) => {
      const its = removals.filter((each) => each.caches.includes(cache))
      const confirmed = new Floors(its.filter(({ outcome }) => outcome === 'done').map(floorOf))
      const byProcess = Map.groupBy(its, ({ process }) => process)
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
  for (const answer of gets) {
    const { from, start, version, process, cache } = answer
    const demands: [Violation['rule'], ReturnType<Floors['at']>][] =
      from === 'database'
        ? [['database', known.at(start)]]
        : from === 'fallback'
          ? [['fallback', known.at(start - fallbackMs)]]
          : [['life', known.at(start - lifeMs)]]
    if (from === 'cache' && keepsRemovals) {
      const { confirmed, own } = floorsFor(cache, process, start)
      demands.unshift(['G1', confirmed], ['G2', own])
    }
    const broken = demands.find(([, floor]) => version < floor.version)
    if (broken) {
      const [rule, { version: floor, because }] = broken
      violations.push({ rule, answer, floor, ...(because && { because }) })
    } else if (version > 0 && texts.has(version) && texts.get(version) !== answer.text) {
      violations.push({ rule: 'text', answer })
    }
  }
  return violations
}
