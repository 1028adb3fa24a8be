import { excused, isMark, removed, runs } from './key.ts'
import type { Setting } from './protocol.ts'
import { excuse } from './sent.ts'
import { inDatabase, nothingPromised, type State, type Step, versionOf } from './state.ts'

/** What happens by itself: leases and entries end, keys are evicted, the stream delivers, processes and masters die. */
export function environmentSteps(state: State, setting: Setting): Step[] {
  const { guards, faults, stream } = setting
  const { key } = state
  const { entry, lease } = key
  const steps: Step[] = []
  if (runs(key) && (guards.leasesEnd || isMark(lease)))
    steps.push({
      does: isMark(lease) ? 'the mark ends' : 'the lease runs out',
      to: { ...state, key: entry ? { ...key, ended: true } : {}, mayLoad: true },
    })
  if (faults.eviction && (entry || lease !== undefined))
    steps.push({ does: 'the key is evicted', to: { ...state, key: {}, mayLoad: true } })
  if (faults.ageing && entry) steps.push(...ages(state, faults.ageing))
  if (stream && state.delivered < inDatabase(state)) steps.push(deliver(state, state.delivered + 1, setting))
  if (stream && faults.eventsRepeat)
    for (let value = 1; value <= state.delivered; value++) steps.push(deliver(state, value, setting))
  if (faults.processKilled && !state.killed) steps.push(kill(state))
  if (faults.failover && state.replica) steps.push(...replicate(state, guards))
  return steps
}

/** Entries go stale, and Redis drops them; one that may still be served, not before a lease that was put in it. */
function ages(state: State, by: 'served while stale' | 'served fresh only'): Step[] {
  const { key } = state
  const entry = key.entry as NonNullable<typeof key.entry>
  if (entry.age === 3) {
    if (runs(key) && !key.brittle) return []
    return [
      { does: 'Redis drops the entry', to: { ...state, key: {}, mayLoad: state.mayLoad || !runs(key) } },
    ]
  }
  const age = by === 'served fresh only' ? 3 : ((entry.age + 1) as 1 | 2 | 3)
  const to = {
    ...state,
    key: { ...key, entry: { ...entry, age } },
    mayLoad: state.mayLoad || entry.age === 0,
  }
  return [{ does: entry.age === 0 ? 'the entry goes stale' : 'the entry ages', to }]
}

/** The stream tells of a commit: what is older goes, and a lease learns which version its fill must have. */
function deliver(state: State, value: number, { guards }: Setting): Step {
  const version = versionOf(state, value)
  const rose = version > versionOf(state, value - 1)
  const compares = rose || !guards.eventThatDidNotRiseRemoves
  const key = removed(state.key, compares ? version : undefined, guards)
  const does = `the stream tells of value ${value}${rose ? '' : ', whose version did not rise'}`
  const mayLoad = state.mayLoad || (key !== state.key && key.lease === undefined)
  const done = Math.max(state.done, value)
  return {
    does,
    to: { ...state, key, mayLoad, done, delivered: Math.max(state.delivered, value) },
    event: value,
  }
}

/** The last process is gone, with its gets and its loads; its leases stay. */
function kill(state: State): Step {
  const process = state.processes.length - 1
  const its = (each: { process: number }) => each.process === process
  const gone = state.flights.filter(its).flatMap(({ token }) => (token === undefined ? [] : [token]))
  gone.push(...state.sent.filter(its).map(({ token }) => token))
  gone.push(
    ...state.readers.filter(its).flatMap(({ at, token }) => (at === 'asked' ? [token as number] : [])),
  )
  const readers = state.readers.map((each) =>
    its(each) ? { process, gets: 0, at: 'idle' as const, promised: nothingPromised } : each,
  )
  const left: State = {
    ...{ ...state, readers, killed: true },
    flights: state.flights.filter((each) => !its(each)),
    sent: state.sent.filter((each) => !its(each)),
    writers: state.writers.map((each) => (its(each) ? { ...each, at: 'done', value: 0 } : each)),
  }
  return { does: `process ${process} is killed`, to: gone.reduce(excuse, left) }
}

/** A replica hears of all there is, or takes over with what it has heard. */
function replicate(state: State, guards: Setting['guards']): Step[] {
  const { key, done, replica } = state
  if (!replica) return []
  const heard = { does: 'the replica hears of everything', to: { ...state, replica: { key, done } } }
  const least = (floor: number) => (guards.lostRemovalsPromiseNothing ? Math.min(floor, replica.done) : floor)
  const { replica: _, ...rest } = state
  const to: State = {
    ...{ ...rest, key: replica.key, failedOver: true, mayLoad: true, done: least(done) },
    readers: state.readers.map((each) => ({
      ...each,
      promised: { done: least(each.promised.done), own: least(each.promised.own), served: 0 },
    })),
    processes: state.processes.map((each) => ({ ...each, own: least(each.own), served: 0 })),
  }
  const { lease } = replica.key
  const holders = [...state.flights, ...state.sent, ...state.readers.filter(({ at }) => at === 'asked')]
  const held = lease === undefined || isMark(lease) || holders.some(({ token }) => token === lease)
  return [heard, { does: 'the replica takes over', to: held ? to : excuse(to, lease ?? excused) }]
}
