import { abandonedSteps } from './abandoned.ts'
import { environmentSteps } from './environment.ts'
import type { Faults } from './faults.ts'
import { flightSteps } from './flight.ts'
import type { Guard } from './guards.ts'
import type { Key, KeyGuards } from './key.ts'
import { readerSteps } from './reader.ts'
import { nothingPromised, type Process, type State, type Step } from './state.ts'
import { writerSteps } from './writer.ts'

/** The actors of an exploration, and what may go wrong. */
export interface Setting {
  guards: Record<Guard, boolean> & KeyGuards
  faults: Faults
  /** The processes of the readers, in ascending order, and how many gets each reader does. @default 1 get */
  readers: { process: number; gets?: number }[]
  writers: { process: number; kind?: 'write' | 'edit' }[]
  /** The table's stream removes entries as well. */
  stream?: true
  /** The version of the first value. An id that has never existed has version 0. @default 0 */
  firstVersion?: number
}

/** Returns the first states: Redis holds nothing or an entry. If entries age, there is one state for each age. */
export function starts({ readers, writers, faults, firstVersion = 0 }: Setting): State[] {
  const versions = [faults.versionsFall ? 5 : firstVersion]
  const entry = { value: 0, version: versions[0] as number, fillId: 0 }
  const ages =
    faults.ageing === undefined ? [0] : faults.ageing === 'served while stale' ? [0, 1, 2, 3] : [0, 3]
  const keys: Key[] = [{}, ...ages.map((age) => ({ entry: { ...entry, age: age as 0 | 1 | 2 | 3 } }))]
  const processes = 1 + Math.max(...[...readers, ...writers].map(({ process }) => process))
  return keys.map((key) => ({
    versions,
    key,
    readers: readers.map(({ process, gets = 1 }) => ({
      ...{ process, gets, at: 'idle', promised: nothingPromised },
    })),
    flights: [],
    abandoned: [],
    writers: writers.map(({ process, kind = 'write' }) => ({ process, kind, at: 'idle', value: 0 })),
    processes: Array.from({ length: processes }, () => ({ deferred: 0, own: 0, served: 0 })),
    delivered: 0,
    done: 0,
    mayLoad: key.entry?.age !== 0,
    ...(faults.failover && { replica: { key, done: 0 } }),
  }))
}

/** Returns every step that may come next. */
export function steps(state: State, setting: Setting): Step[] {
  return [
    ...state.readers.flatMap((_, i) => readerSteps(state, i, setting)),
    ...state.flights.flatMap((_, f) => flightSteps(state, f, setting)),
    ...state.abandoned.flatMap((_, s) => abandonedSteps(state, s, setting)),
    ...state.writers.flatMap((_, i) => writerSteps(state, i, setting)),
    ...environmentSteps(state, setting),
  ].map(rememberServed)
}

/** Has each process remember the newest value that it has served. */
function rememberServed(step: Step): Step {
  let { processes } = step.to
  for (const { process, value = 0 } of step.answers ?? []) {
    const known = processes[process] as Process
    if (value > known.served) processes = processes.with(process, { ...known, served: value })
  }
  return processes === step.to.processes ? step : { ...step, to: { ...step.to, processes } }
}

/** Returns whether no reader, writer or command has anything left to do. */
export const isEnd = ({ readers, writers, flights, abandoned }: State): boolean =>
  readers.every(({ gets }) => gets === 0) &&
  writers.every(({ at }) => at === 'done') &&
  flights.length === 0 &&
  abandoned.length === 0
