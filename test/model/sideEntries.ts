import { type Explored, explore } from './explore.ts'
import { isLeaseRunning, type Key } from './key.ts'
import { encode } from './sideEncode.ts'
import {
  guardsWithout,
  type Place,
  places,
  type Schema,
  type SideGuard,
  type State,
  type Step,
} from './sideState.ts'
import { type Faults, steps } from './sideSteps.ts'

export const sideProperties = {
  noStaleAnswer:
    'G1, G2: in either schema, a get returns nothing older than a confirmed removal or than its process had served',
  oneLoad:
    'G8: one load of a schema begins for each end of an entry or lease, and for each fill of the main entry',
  sparesFresh: 'G8: no lease replaces a fresh entry that its readers may use',
  noLeaseLeft: 'no lease is left without a load',
  agreement: 'in the end, no reader finds anything older than the database',
} as const

interface SideSetting {
  /** The schema of each process. */
  processes: Schema[]
  readers: { process: number; gets?: number }[]
  faults: Faults
}

/** Each setting is small enough to be explored completely. */
export const sideSettings = {
  'readers of two schemas race with a write': {
    processes: ['A', 'B'],
    readers: [{ process: 0 }, { process: 1 }, { process: 1 }],
    faults: { eviction: true },
  },
  'entries of two schemas age': {
    processes: ['A', 'B'],
    readers: [{ process: 0 }, { process: 1, gets: 2 }],
    faults: { ageing: true },
  },
  'processes with side entries bypass the cache': {
    processes: ['A', 'B', 'B'],
    readers: [{ process: 0 }, { process: 1, gets: 2 }, { process: 2 }],
    faults: { bypass: true, eviction: true },
  },
  'everything goes wrong with entries of two schemas': {
    processes: ['A', 'B'],
    readers: [{ process: 0 }, { process: 1 }, { process: 1 }],
    faults: { eviction: true, ageing: true, bypass: true },
  },
} satisfies Record<string, SideSetting>
export type SideSettingName = keyof typeof sideSettings

/** Returns the first states: nothing, or an entry of one schema, or that entry and a side entry of the other schema. */
function starts({ processes, readers }: SideSetting): State[] {
  const entry = { value: 1, version: 1, age: 0 } as const
  const main: Key = { entry: { ...entry, fillId: 1, of: 'A' } }
  const side: Key = { entry: { ...entry, fillId: 2, of: 1 } }
  const keys: Record<Place, Key>[] = [
    { main: {}, A: {}, B: {} },
    { main, A: {}, B: {} },
    { main, A: {}, B: side },
  ]
  return keys.map((each) => ({
    keys: each,
    readers: readers.map(({ process, gets = 1 }: SideSetting['readers'][number]) => ({
      ...{ process, gets, at: 'idle', promised: 0, place: 'main' },
    })),
    flights: [],
    processes: processes.map((schema) => ({ schema, served: 1 })),
    ...{ written: 1, done: 1 },
    mayLoad: { main: !each.main.entry, A: true, B: !each.B.entry },
  }))
}

const isEnd = ({ readers, flights, done }: State): boolean =>
  done === 2 && flights.length === 0 && readers.every(({ gets }) => gets === 0)

/** Returns whether readers of its schema may use an entry. */
const isUsable = ({ keys }: State, place: Place): boolean =>
  place === 'main' || keys[place].entry?.of === keys.main.entry?.fillId

function findBroken(from: State, { to, takes, answers = [] }: Step): string | undefined {
  if (answers.some(({ value, promised }) => value < promised)) return sideProperties.noStaleAnswer
  if (takes) {
    const { entry } = from.keys[takes]
    if (entry?.age === 0 && isUsable(from, takes)) return sideProperties.sparesFresh
    if (!from.mayLoad[takes]) return sideProperties.oneLoad
  }
  for (const place of places) {
    const key = to.keys[place]
    const isLoading = to.flights.some((each) => each.lease === key.lease && each.place === place)
    if (isLeaseRunning(key) && !isLoading) return sideProperties.noLeaseLeft
    const isOld = key.entry && isUsable(to, place) && key.entry.value < to.written
    if (isOld && isEnd(to)) return sideProperties.agreement
  }
  return undefined
}

/** Explores a setting completely, or to the first violation, with all guards except `without`. */
export function exploreSide(name: SideSettingName, without?: SideGuard): Explored {
  const setting: SideSetting = sideSettings[name]
  const guards = guardsWithout(without)
  return explore(
    {
      starts: starts(setting),
      steps: (state) => steps(state, guards, setting.faults),
      encode,
      isEnd,
      findBroken,
    },
    500_000,
  )
}
