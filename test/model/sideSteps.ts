import { isLeaseRunning, removeEntry } from './key.ts'
import { flightStep } from './sideFlight.ts'
import { readerSteps } from './sideReader.ts'
import { type Guards, type Place, type Process, places, type State, type Step, withKey } from './sideState.ts'

/** What may go wrong at any moment, besides a lease that runs out. */
export interface Faults {
  /** A key is gone. */
  eviction?: true
  /** Entries grow stale, and are gone. */
  ageing?: true
  /** A reader stops waiting, or cannot reach Redis. */
  bypass?: true
}

/** Returns everything that may happen next. */
export function steps(state: State, guards: Guards, faults: Faults): Step[] {
  return [
    ...state.readers.flatMap((_, i) => readerSteps(state, i, guards, faults.bypass === true)),
    ...state.flights.map((_, f) => flightStep(state, f, guards)),
    ...places.flatMap((place) => keySteps(state, place, faults)),
    ...writerSteps(state, guards),
  ].map(rememberServed)
}

/** Has each process remember the newest value that it has served. */
function rememberServed(step: Step): Step {
  let { processes } = step.to
  for (const { process, value } of step.answers ?? []) {
    const known = processes[process] as Process
    if (value > known.served) processes = processes.with(process, { ...known, served: value })
  }
  return { ...step, to: { ...step.to, processes } }
}

/** What happens to a key by itself. */
function keySteps(state: State, place: Place, { eviction, ageing }: Faults): Step[] {
  const key = state.keys[place]
  const { entry, lease } = key
  const steps: Step[] = []
  const step = (does: string, next: typeof key) =>
    steps.push({ does: `${does} at ${place}`, to: withKey(state, place, next, true) })
  if (isLeaseRunning(key)) step('the lease runs out', entry ? { ...key, leaseEnded: true } : {})
  if (eviction && (entry || lease !== undefined)) step('Redis evicts the key', {})
  if (ageing && entry?.age === 0) step('the entry goes stale', { ...key, entry: { ...entry, age: 1 } })
  if (ageing && entry?.age === 1 && !isLeaseRunning(key)) step('Redis drops the entry', {})
  return steps
}

/** One write. Its removal knows of no side key, and removes everything or what is older. */
function writerSteps(state: State, guards: Guards): Step[] {
  const { written, done, keys } = state
  if (written === 1) return [{ does: 'the write commits value 2', to: { ...state, written: 2 } }]
  if (done === written) return []
  return [undefined, written].map((version): Step => {
    const key = removeEntry(keys.main, version, guards)
    const isGone = key !== keys.main && key.lease === undefined
    const to = { ...withKey(state, 'main', key, isGone), done: written }
    return { does: `the write removes ${version ? `what is older than ${version}` : 'all'}: done`, to }
  })
}
