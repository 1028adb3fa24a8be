import { callerOf, excused, isMark, runs } from './key.ts'
import { isEnd, type Setting } from './protocol.ts'
import { type Answer, inDatabase, type State, type Step, type Value, versionOf } from './state.ts'

/** What the cache promises, by the names in its guarantees. That every get ends is checked by the exploration. */
export const properties = {
  noStaleFill: 'G1: a get after a removal that was done returns nothing older than its commit',
  readYourWrites:
    'G2: nor does a get that follows a load, or one in the process of a write that was deferred',
  neverGoesBack: 'G2: a get returns nothing older than what its process had served before it began',
  neverInvalidated: 'G6: nor is an invalidated entry served as a stale one',
  oneLoad: 'G3: a load by a lease begins once for each end of an entry, a lease or a mark, and each removal',
  oneLoadAProcess: 'G3: a get that goes past the cache loads only where its process has begun no load since',
  answered: 'G6: a get fails only because the database refused, or since its own time is over',
  refusalIsTold: 'G6: nobody waits who has found the mark of a refusal',
  tellsStored: 'a fill whose entry stands is told as stored',
  nothingStays: 'no lease stays behind that nobody loads for, but that of one who was killed or cut off',
  agreement: 'once all is delivered, Redis holds nothing older than the database',
  sparesServed: 'no lease takes away an entry that others may still serve',
  sparesRefill: 'a stream event takes away no entry that is as new as its commit',
  sparesLoad: 'a stream event whose version rose takes away no lease',
} as const

/** The property that a step breaks, if any. */
export function broken(from: State, step: Step, { stream }: Setting): string | undefined {
  const { to, takes, event, refused, answers = [] } = step
  for (const each of answers) {
    const property = brokenBy(each, to)
    if (property) return property
  }
  if (takes === 'lease' && !from.mayLoad) return properties.oneLoad
  if (takes && (from.key.entry?.age ?? 3) < 3 && !to.key.entry) return properties.sparesServed
  if (takes === 'second load') return properties.oneLoadAProcess
  if (refused !== undefined && to.key.entry?.fill === refused) return properties.tellsStored
  if (event !== undefined) {
    const { entry, lease } = from.key
    if (entry && !to.key.entry && isAsNew(to, entry.value, event)) return properties.sparesRefill
    const rose = versionOf(to, event) > versionOf(to, event - 1)
    if (rose && runs(from.key) && !isMark(lease) && to.key.lease !== lease) return properties.sparesLoad
  }
  if (to.readers.some(({ at, token }) => at === 'waiting' && isMark(token))) return properties.refusalIsTold
  if (staysBehind(to)) return properties.nothingStays
  const delivered = stream ? to.delivered === inDatabase(to) : to.processes.every(({ owed }) => owed === 0)
  if (isEnd(to) && delivered && !to.failedOver && to.key.entry && to.key.entry.value !== inDatabase(to))
    return properties.agreement
  return undefined
}

function brokenBy(
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

/** Whether a lease runs that no load, no caller and no command under way will end. */
function staysBehind({ key, flights, sent, readers }: State): boolean {
  const { lease } = key
  if (lease === undefined || !runs(key) || isMark(lease) || lease === excused) return false
  return (
    !flights.some(({ token }) => token === lease) &&
    !sent.some(({ token }) => token === lease || token === callerOf(lease)) &&
    !readers.some(({ at, token }) => at === 'asked' && token === callerOf(lease))
  )
}

/** Both by the order of commits and by version. */
const isOlder = (state: State, value: Value, than: Value): boolean =>
  value < than && versionOf(state, value) < versionOf(state, than)

/** Both by the order of commits and by version, which differ only after an edit that lowered the version. */
function isAsNew(state: State, value: Value, commit: Value): boolean {
  const version = versionOf(state, commit)
  return value >= commit && versionOf(state, value) >= version && version > versionOf(state, commit - 1)
}
