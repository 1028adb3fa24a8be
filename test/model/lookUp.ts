import { answer, moved } from './answer.ts'
import type { Setting } from './protocol.ts'
import { type Entry, nobody, type Reader, type State, type Step } from './state.ts'

/** A read of the key. */
export function get(state: State, i: number, me: string, why: string): Step {
  const { entry, lease, ended } = state.key
  const { token } = state.readers[i] as Reader
  if (entry?.age === 0)
    return answer(state, i, `${me} ${why}: fresh value ${entry.value}`, 'hit', entry.value)
  // What it waits for is still on its way.
  if (lease !== undefined && lease === token && !ended)
    return { does: `${me} ${why}: still leased`, to: state }
  const found = entry ? `stale value ${entry.value}` : lease === undefined ? 'nothing' : leaseOf(lease)
  const at = entry ? 'stale' : lease === undefined ? 'empty' : 'waiting'
  const to = moved(state, i, {
    at,
    token: at === 'waiting' ? lease : undefined,
    ...(entry && { seen: entry }),
  })
  return { does: `${me} ${why}: ${found}`, to }
}

/** The script that takes the lease, or hands back what stands in its way. */
export function askForLease(state: State, i: number, me: string, { guards, faults }: Setting): Step[] {
  const { entry, lease, ended } = state.key
  const { at, seen } = state.readers[i] as Reader
  const leased = lease !== undefined && !ended
  const asSeen = at === 'stale' && entry !== undefined && isStill(entry, seen)
  const free = entry ? !leased && (asSeen || !guards.refreshOnlyOfEntrySeen) : !leased
  if (free || !guards.leaseOnlyWhereFree) {
    const key = guards.leaseOnlyWhereFree ? { entry, lease: i } : { lease: i }
    const does = `${me} takes the lease${key.entry ? ` in the stale value ${key.entry.value}` : ''}`
    const taken: Step = { does, to: { ...moved(state, i, { at: 'loading' }), key }, what: 'lease' }
    if (!faults.redisAway) return [taken]
    const lost = { ...moved(state, i, { at: 'past' }), key: { ...key, lease: nobody } }
    return [taken, { does: `${does}, but the answer is lost`, to: lost, what: 'lease' }]
  }
  const back = `${me} asks for the lease, is given`
  if (entry?.age === 0) return [answer(state, i, `${back} fresh value ${entry.value}`, 'hit', entry.value)]
  if (entry?.age === 1 && leased)
    return [
      answer(state, i, `${back} stale value ${entry.value} that another refreshes`, 'stale', entry.value),
    ]
  const to = leased
    ? moved(state, i, { at: 'waiting', token: lease, ...(entry && { seen: entry }) })
    : moved(state, i, { at: 'stale', seen: entry })
  return [{ does: `${back} ${leased ? leaseOf(lease) : `another stale value ${entry?.value}`}`, to }]
}

const leaseOf = (token: number) =>
  token === nobody ? 'a lease that nobody loads for' : `the lease of reader ${token}`

/** Whether it is the entry that was seen; it may have aged since. */
const isStill = (entry: Entry, seen: Entry | undefined) =>
  seen !== undefined && entry.value === seen.value && entry.age >= seen.age
