import { callerPart, isFailureMark, isLeaseRunning, orphaned } from './key.ts'
import { isEnd, type Setting } from './protocol.ts'
import { type Answer, inDatabase, type State, type Step, type Value, versionOf } from './state.ts'

/**
 * What the cache promises, each with the number of its guarantee (lib/cacheAside/README.md). The exploration itself
 * checks that every get ends.
 */
export const properties = {
  noStaleFill: 'G1: after a confirmed removal, a get returns nothing older than the commit of that removal',
  readYourWrites:
    'G2: a get that joins a load, or whose process has written, returns nothing older than that write, even a deferred one',
  neverGoesBack: 'G2: a get returns nothing older than what its process had served before the get began',
  neverInvalidated: 'G6: an invalidated entry is not served as a stale one',
  oneLoad: 'G3: one load under a lease begins for each end of an entry, lease or mark, and for each removal',
  oneLoadAProcess:
    'G7: a get that bypasses the cache loads only if its process has begun no load since the get began',
  answered: 'G4, G6: a get fails only because the database refused or because its own time has run out',
  markEndsWaiting: 'G6: a get that finds the mark of a refusal does not wait',
  storedFillIsReported: 'a fill whose entry is in place is reported as stored',
  noLeaseLeft: 'no lease is left without a load, unless its holder was killed or cut off',
  agreement: 'after all removals are delivered, Redis holds nothing older than the database',
  sparesServed: 'no lease replaces an entry that other readers may still serve',
  sparesRefill: 'a stream event removes no entry that is as new as its commit',
  sparesLoad: 'a stream event whose version rose takes away no lease',
} as const

/** Returns the property that a step breaks, if any. */
export function findBroken(from: State, step: Step, { stream }: Setting): string | undefined {
  const { to, takes, event, refused, answers = [] } = step
  for (const each of answers) {
    const property = brokenByAnswer(each, to)
    if (property) return property
  }
  if (takes === 'lease' && !from.mayLoad) return properties.oneLoad
  if (takes && (from.key.entry?.age ?? 3) < 3 && !to.key.entry) return properties.sparesServed
  if (takes === 'second load') return properties.oneLoadAProcess
  if (refused !== undefined && to.key.entry?.fillId === refused) return properties.storedFillIsReported
  if (event !== undefined) {
    const { entry, lease } = from.key
    if (entry && !to.key.entry && isAsNew(to, entry.value, event)) return properties.sparesRefill
    const hasRisen = versionOf(to, event) > versionOf(to, event - 1)
    if (hasRisen && isLeaseRunning(from.key) && !isFailureMark(lease) && to.key.lease !== lease)
      return properties.sparesLoad
  }
  if (to.readers.some(({ at, token }) => at === 'waiting' && isFailureMark(token)))
    return properties.markEndsWaiting
  if (isLeaseLeft(to)) return properties.noLeaseLeft
  const isDelivered = stream
    ? to.delivered === inDatabase(to)
    : to.processes.every(({ deferred }) => deferred === 0)
  if (isEnd(to) && isDelivered && !to.failedOver && to.key.entry && to.key.entry.value !== inDatabase(to))
    return properties.agreement
  return undefined
}

function brokenByAnswer(
  { how, value, promised, cause, process: _, away }: Answer,
  state: State,
): string | undefined {
  if (how === 'failed') return cause === undefined ? properties.answered : undefined
  const { done, own, served } = promised
  if (value === undefined) return undefined
  if (how === 'fallback' && away) return value < own ? properties.readYourWrites : undefined
  if (value >= Math.max(done, own))
    return isOlder(state, value, served) ? properties.neverGoesBack : undefined
  if (how === 'stale') return properties.neverInvalidated
  return how === 'collapsed' || value >= done ? properties.readYourWrites : properties.noStaleFill
}

/** Returns whether a lease runs that no load, no reader and no command under way will end. */
function isLeaseLeft({ key, flights, abandoned, readers }: State): boolean {
  const { lease } = key
  if (lease === undefined || !isLeaseRunning(key) || isFailureMark(lease) || lease === orphaned) return false
  return (
    !flights.some(({ token }) => token === lease) &&
    !abandoned.some(({ token }) => token === lease || token === callerPart(lease)) &&
    !readers.some(({ at, token }) => at === 'askingAgain' && token === callerPart(lease))
  )
}

/** Older both by the order of commits and by version. */
const isOlder = (state: State, value: Value, than: Value): boolean =>
  value < than && versionOf(state, value) < versionOf(state, than)

/** As new both by the order of commits and by version. The two differ only after an edit that lowered the version. */
function isAsNew(state: State, value: Value, commit: Value): boolean {
  const version = versionOf(state, commit)
  return value >= commit && versionOf(state, value) >= version && version > versionOf(state, commit - 1)
}
