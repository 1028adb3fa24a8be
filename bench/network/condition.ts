import type { Wire } from '../../test/support/network.ts'
import { within } from '../support/timeout.ts'
import type { Outcome } from './calls.ts'
import type { Testbed } from './testbed.ts'

/** Something that happens to caches in production, tried at their defaults. */
export interface Condition {
  name: string
  /** What aisle promises under this condition. */
  must: string
  /** Whether it applies to the libraries, too. It does not if it needs a lease or a budget, which they do not have. */
  forLibraries: boolean
  run(testbed: Testbed): Promise<Observation>
}

/** What a contender did under a condition. */
export interface Observation {
  /** In words, for the table. */
  summary: string
  /** The figure that decides. */
  figure: number
  /** Whether it is what aisle promises. */
  met: boolean
}

export const countFailed = (outcomes: Outcome[]): number =>
  outcomes.filter(({ error }) => error !== undefined).length

/** Returns how long each call took, ms. */
export const durations = (outcomes: Outcome[]): number[] => outcomes.map(({ begun, ended }) => ended - begun)

/** Returns the end of a summary, for example `, 3 failed (Error: hangs)`; empty if no call failed. */
export const failureNote = (outcomes: Outcome[]): string => {
  const count = countFailed(outcomes)
  return count > 0 ? `, ${count} failed (${outcomes.find(({ error }) => error)?.error?.slice(0, 60)})` : ''
}

/** Sets a trap (see ../../test/support/network.ts), runs `act`, and makes sure that the trap was sprung within 10 s. */
export async function withTrap<T>(
  wire: Wire,
  command: string,
  fault: 'cut' | 'lost',
  act: () => Promise<T>,
): Promise<T> {
  const { sprung } = await wire.trap(command, fault)
  const [result] = await Promise.all([act(), within(10_000, 'the fault on the wire', sprung)])
  return result
}
