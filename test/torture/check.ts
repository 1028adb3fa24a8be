import { Floors } from './floors.ts'
import type { Committed, Got, Operation, Removed, Unanswered } from './history.ts'

/**
 * What a history may not show. `floor` is the least version that the answer was allowed to have, `because` the
 * operation that proves it.
 */
export interface Violation {
  rule: 'G1' | 'G2' | 'database' | 'fallback' | 'life' | 'text' | 'G4'
  answer: Got | Unanswered
  floor?: number
  because?: Operation
}

/** What the caches of a history promise. */
export interface Promises {
  /** How long an answer of this process' own last load may be served. */
  fallbackMs: number
  /** How long after the begin of its load a value may come out of the cache, whatever happened to its removal. */
  lifeMs: number
  /** False where Redis may forget a removal that it has acknowledged, as in a failover: then G1 and G2 are not promised. */
  keepsRemovals?: boolean
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
  const byId = Map.groupBy(history, ({ id }) => id)
  return [...byId.values()].flatMap((operations) => checkId(operations, promises))
}

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
  const confirmed = new Floors(removals.filter(({ outcome }) => outcome === 'done').map(floorOf))
  const ownDeferred = new Map(
    [...Map.groupBy(removals, ({ process }) => process)].map(([process, own]) => [
      process,
      new Floors(own.map(floorOf)),
    ]),
  )
  const nothing = new Floors([])

  const violations: Violation[] = history
    .filter((each) => each.type === 'unanswered')
    .map((answer) => ({ rule: 'G4', answer }))
  for (const answer of gets) {
    const { from, start, version, process } = answer
    const demands: [Violation['rule'], ReturnType<Floors['at']>][] =
      from === 'database'
        ? [['database', known.at(start)]]
        : from === 'fallback'
          ? [['fallback', known.at(start - fallbackMs)]]
          : [['life', known.at(start - lifeMs)]]
    if (from === 'cache' && keepsRemovals) {
      demands.unshift(['G1', confirmed.at(start)], ['G2', (ownDeferred.get(process) ?? nothing).at(start)])
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
