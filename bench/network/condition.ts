import type { Wire } from '../../test/support/network.ts'
import { within } from '../cacheAside/measured.ts'
import type { Ground } from './ground.ts'
import type { Outcome } from './process.ts'

/** Something that happens to caches in production, tried at their defaults. */
export interface Condition {
  name: string
  /** What is promised of aisle. */
  must: string
  /** Whether a library can be put to the same. What it has no such thing as a budget or a lease for, it cannot. */
  forLibraries: boolean
  try(ground: Ground): Promise<Seen>
}

/** What was seen of one contender. */
export interface Seen {
  /** In words, for the table. */
  seen: string
  /** The one that matters. */
  figure: number
  /** Whether it is as promised of aisle. */
  met: boolean
}

export const failed = (outcomes: Outcome[]): number =>
  outcomes.filter(({ error }) => error !== undefined).length

/** How long each call took, ms. */
export const times = (outcomes: Outcome[]): number[] => outcomes.map(({ begun, ended }) => ended - begun)

/** Such as `, 3 failed`; nothing where none has. */
export const andFailed = (outcomes: Outcome[]): string => {
  const count = failed(outcomes)
  return count > 0 ? `, ${count} failed (${outcomes.find(({ error }) => error)?.error?.slice(0, 60)})` : ''
}

/** Sets a trap, see ../../test/support/network.ts, does something, and makes sure that it met the fault. */
export async function withTrap<T>(
  wire: Wire,
  command: string,
  fault: 'cut' | 'lost',
  act: () => Promise<T>,
): Promise<T> {
  const { sprung } = await wire.trap(command, fault)
  const [done] = await Promise.all([act(), within(10_000, 'the fault that was to come', sprung)])
  return done
}
