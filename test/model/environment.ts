import { orphan } from './abandoned.ts'
import { isFailureMark, isLeaseRunning, orphaned, removeEntry } from './key.ts'
import type { Setting } from './protocol.ts'
import { inDatabase, nothingPromised, type State, type Step, versionOf } from './state.ts'

/**
 * Returns what may happen by itself: leases and entries end, keys are evicted, the stream delivers, and processes and
 * masters die.
 */
export function environmentSteps(state: State, setting: Setting): Step[] {
  const { guards, faults, stream } = setting
  const { key } = state
  const { entry, lease } = key
  const steps: Step[] = []
  if (isLeaseRunning(key) && (guards.leasesEnd || isFailureMark(lease)))
    steps.push({
      does: isFailureMark(lease) ? 'the mark ends' : 'the lease runs out',
      to: { ...state, key: entry ? { ...key, leaseEnded: true } : {}, mayLoad: true },
    })
  if (faults.eviction && (entry || lease !== undefined))
    steps.push({ does: 'the key is evicted', to: { ...state, key: {}, mayLoad: true } })
  if (faults.ageing && entry) steps.push(...ageEntry(state, faults.ageing))
  if (stream && state.delivered < inDatabase(state)) steps.push(deliver(state, state.delivered + 1, setting))
  if (stream && faults.eventsRepeat)
    for (let value = 1; value <= state.delivered; value++) steps.push(deliver(state, value, setting))
  if (faults.processKilled && !state.killed) steps.push(kill(state))
  if (faults.failover && state.replica) steps.push(...replicate(state, guards))
  return steps
}

/**
 * The entry goes stale, ages further, or is dropped by Redis. Redis does not drop an entry before the end of a lease that
 * was put into it while it could still be served.
 */
function ageEntry(state: State, by: 'served while stale' | 'served fresh only'): Step[] {
  const { key } = state
  const entry = key.entry as NonNullable<typeof key.entry>
  if (entry.age === 3) {
    if (isLeaseRunning(key) && !key.mayDropEarly) return []
    return [
      {
        does: 'Redis drops the entry',
        to: { ...state, key: {}, mayLoad: state.mayLoad || !isLeaseRunning(key) },
      },
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

/** The stream delivers a commit: older entries are removed, and a lease receives the version that its fill must have. */
function deliver(state: State, value: number, { guards }: Setting): Step {
  const version = versionOf(state, value)
  const hasRisen = version > versionOf(state, value - 1)
  const compares = hasRisen || !guards.eventWithoutNewVersionRemoves
  const key = removeEntry(state.key, compares ? version : undefined, guards)
  const does = `the stream delivers value ${value}${hasRisen ? '' : ', whose version did not rise'}`
  const mayLoad = state.mayLoad || (key !== state.key && key.lease === undefined)
  const done = Math.max(state.done, value)
  return {
    does,
    to: { ...state, key, mayLoad, done, delivered: Math.max(state.delivered, value) },
    event: value,
  }
}

/** The last process dies with its gets and its loads. Its leases stay. */
function kill(state: State): Step {
  const process = state.processes.length - 1
  const isOfProcess = (each: { process: number }) => each.process === process
  const tokens = state.flights
    .filter(isOfProcess)
    .flatMap(({ token }) => (token === undefined ? [] : [token]))
  tokens.push(...state.abandoned.filter(isOfProcess).map(({ token }) => token))
  tokens.push(
    ...state.readers
      .filter(isOfProcess)
      .flatMap(({ at, token }) => (at === 'askingAgain' ? [token as number] : [])),
  )
  const readers = state.readers.map((each) =>
    isOfProcess(each) ? { process, gets: 0, at: 'idle' as const, promised: nothingPromised } : each,
  )
  const left: State = {
    ...{ ...state, readers, killed: true },
    flights: state.flights.filter((each) => !isOfProcess(each)),
    abandoned: state.abandoned.filter((each) => !isOfProcess(each)),
    writers: state.writers.map((each) => (isOfProcess(each) ? { ...each, at: 'done', value: 0 } : each)),
  }
  return { does: `process ${process} is killed`, to: tokens.reduce(orphan, left) }
}

/** A replica receives everything, or takes over with what it last received. */
function replicate(state: State, guards: Setting['guards']): Step[] {
  const { key, done, replica } = state
  if (!replica) return []
  const synced = { does: 'the replica receives everything', to: { ...state, replica: { key, done } } }
  const keepPromise = (floor: number) =>
    guards.lostRemovalsPromiseNothing ? Math.min(floor, replica.done) : floor
  const { replica: _, ...rest } = state
  const to: State = {
    ...{ ...rest, key: replica.key, failedOver: true, mayLoad: true, done: keepPromise(done) },
    readers: state.readers.map((each) => ({
      ...each,
      promised: { done: keepPromise(each.promised.done), own: keepPromise(each.promised.own), served: 0 },
    })),
    processes: state.processes.map((each) => ({ ...each, own: keepPromise(each.own), served: 0 })),
  }
  const { lease } = replica.key
  const holders = [
    ...state.flights,
    ...state.abandoned,
    ...state.readers.filter(({ at }) => at === 'askingAgain'),
  ]
  const isHeld = lease === undefined || isFailureMark(lease) || holders.some(({ token }) => token === lease)
  return [synced, { does: 'the replica takes over', to: isHeld ? to : orphan(to, lease ?? orphaned) }]
}
