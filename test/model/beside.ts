import { encode } from './besideEncode.ts'
import {
  type BesideGuard,
  guardsWithout,
  type Place,
  places,
  type Schema,
  type State,
  type Step,
} from './besideState.ts'
import { type Faults, steps } from './besideSteps.ts'
import { type Explored, explore } from './explore.ts'
import { type Key, runs } from './key.ts'

export const besideProperties = {
  noStaleAnswer:
    'G1, G2: for either schema, a get returns nothing older than a removal that was done, or than its process had served',
  oneLoad:
    'G8: a load of a schema begins once for each end of an entry or a lease, and each fill beside which it lies',
  sparesFresh: 'G8: no lease takes away a fresh entry that its readers may use',
  nothingStays: 'no lease stays behind that nobody loads for',
  agreement: 'once all is over, no reader finds anything older than the database',
} as const

interface Cast {
  /** The schema of each process. */
  processes: Schema[]
  readers: { process: number; gets?: number }[]
  faults: Faults
}

/** Each is small enough to be explored completely. */
export const besideCasts = {
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
  'processes of one schema go past the cache beside the other': {
    processes: ['A', 'B', 'B'],
    readers: [{ process: 0 }, { process: 1, gets: 2 }, { process: 2 }],
    faults: { goesPast: true, eviction: true },
  },
  'everything befalls the entries of two schemas at once': {
    processes: ['A', 'B'],
    readers: [{ process: 0 }, { process: 1 }, { process: 1 }],
    faults: { eviction: true, ageing: true, goesPast: true },
  },
} satisfies Record<string, Cast>
export type BesideCast = keyof typeof besideCasts

/** At first there is nothing; or an entry of one schema; or that of the other beside it. */
function starts({ processes, readers }: Cast): State[] {
  const entry = { value: 1, version: 1, age: 0 } as const
  const main: Key = { entry: { ...entry, fill: 1, of: 'A' } }
  const beside: Key = { entry: { ...entry, fill: 2, of: 1 } }
  const keys: Record<Place, Key>[] = [
    { main: {}, A: {}, B: {} },
    { main, A: {}, B: {} },
    { main, A: {}, B: beside },
  ]
  return keys.map((each) => ({
    keys: each,
    readers: readers.map(({ process, gets = 1 }: Cast['readers'][number]) => ({
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

/** What readers of its schema may use. */
const isGood = ({ keys }: State, place: Place): boolean =>
  place === 'main' || keys[place].entry?.of === keys.main.entry?.fill

function broken(from: State, { to, takes, answers = [] }: Step): string | undefined {
  if (answers.some(({ value, promised }) => value < promised)) return besideProperties.noStaleAnswer
  if (takes) {
    const { entry } = from.keys[takes]
    if (entry?.age === 0 && isGood(from, takes)) return besideProperties.sparesFresh
    if (!from.mayLoad[takes]) return besideProperties.oneLoad
  }
  for (const place of places) {
    const key = to.keys[place]
    const loads = to.flights.some((each) => each.lease === key.lease && each.place === place)
    if (runs(key) && !loads) return besideProperties.nothingStays
    const isOld = key.entry && isGood(to, place) && key.entry.value < to.written
    if (isOld && isEnd(to)) return besideProperties.agreement
  }
  return undefined
}

/** Explores it completely, or to the first violation. */
export function exploreBeside(name: BesideCast, without?: BesideGuard): Explored {
  const cast: Cast = besideCasts[name]
  const guards = guardsWithout(without)
  return explore(
    {
      starts: starts(cast),
      steps: (state) => steps(state, guards, cast.faults),
      encode,
      isEnd,
      broken,
    },
    500_000,
  )
}
