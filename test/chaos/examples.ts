import { type Cost, computeCost } from './cost.ts'
import { type Fault, faults } from './faults.ts'
import type { History, Read, Write } from './history.ts'

// Reads and writes for the tests of costs and promises. A fault lasts from 1 to 2 s.

export const noFault = faults[0] as Fault

/** Returns a read of the product `p0` that takes 5 ms and hits. */
export const read = (start: number, more: Partial<Read> = {}): Read => ({
  ...{ start, end: start + 5, process: 0, entries: ['product p0'], versions: {}, cache: 'aisle; hit' },
  ...more,
})

/** Returns the part of a read that shows a version of the product `p0`. */
export const showing = (version: number) => ({ versions: { p0: version } })

/** Returns a put of the product `p0` that is acknowledged at `at`. */
export const put = (at: number, version: number, invalidation: 'done' | 'deferred' = 'done') => ({
  ...{ kind: 'put' as const, id: 'p0', mark: `put ${version}`, start: at - 10, end: at, refusals: [] },
  acknowledged: { at, version, invalidation },
})

/** Returns the cost of a history in which no write was lost or doubled. */
export const costOf = (reads: Read[], writes: Write[] = [], more: Partial<History> = {}): Cost =>
  computeCost({ reads, writes, faultStart: 1_000, faultEnd: 2_000, ...more }, { lost: 0, doubled: 0 })
