import { isEnd, type Setting } from './protocol.ts'
import { inDatabase, type State, type Step, type Value, versionOf } from './state.ts'

/** What the cache promises, by the names in its guarantees. That every get ends is checked by the exploration. */
export const properties = {
  noStaleFill: 'G1: a get after a removal that was done returns nothing older than its commit',
  readYourWrites: 'G2: nor does a get that joins a load, or one in the process of a write that was deferred',
  neverInvalidated: 'G6: nor is an invalidated entry served as a stale one',
  oneLoad: 'G3: a lease is taken only where no fresh entry and no other lease stands',
  agreement: 'once all is delivered, Redis holds nothing older than the database',
  sparesRefill: 'a stream event takes away no entry that is as new as its commit',
} as const

/** The property that a step breaks, if any. */
export function broken(
  from: State,
  { to, what, answers = [] }: Step,
  { stream }: Setting,
): string | undefined {
  for (const { how, value, promised } of answers) {
    if (value === undefined || value >= Math.max(promised.done, promised.own)) continue
    if (how === 'stale') return properties.neverInvalidated
    return how === 'collapsed' || value >= promised.done ? properties.readYourWrites : properties.noStaleFill
  }
  const { entry, lease, ended } = from.key
  if (what === 'lease' && (entry?.age === 0 || (lease !== undefined && !ended))) return properties.oneLoad
  if (what === 'event' && entry && !to.key.entry && isAsNew(to, entry.value, to.delivered))
    return properties.sparesRefill
  const delivered = stream ? to.delivered === inDatabase(to) : to.owed.every((debt) => debt === 0)
  if (isEnd(to) && delivered && to.key.entry && to.key.entry.value !== inDatabase(to))
    return properties.agreement
  return undefined
}

/** Both by the order of commits and by version, which differ only after an edit that lowered the version. */
function isAsNew(state: State, value: Value, commit: Value): boolean {
  const version = versionOf(state, commit)
  return value >= commit && versionOf(state, value) >= version && version > versionOf(state, commit - 1)
}
