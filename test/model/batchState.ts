import type { StepTo } from './explore.ts'
import type { Key, Token } from './key.ts'

/**
 * A batch of two ids on two shards: it asks both for the leases at once, loads both at once, and fills each. Beside it a
 * get and a write of the second id. One shard may answer too late or not at all.
 */
export const batchGuards = {
  /** What is filled was leased before the load began. */
  leaseComesBeforeLoad: true,
  /** Where one shard has not answered, its leases are given back. */
  unansweredIsGivenBack: true,
  /** And those of the other shards are loaded and filled all the same, so that none stays behind. */
  othersGoOn: true,
  /** Each id is filled by its own lease. */
  eachHasItsLease: true,
  /** Where the load fails, each lease is marked. */
  eachIsMarked: true,
}
export type BatchGuard = keyof typeof batchGuards

export const batchProperties = {
  noStaleFill: 'G1: a get after a removal that was done returns nothing older than its commit',
  nothingStays: 'no lease stays behind that nobody loads for',
  agreement: 'once all is over, Redis holds nothing older than the database',
} as const

export type Id = 0 | 1
export const ids: Id[] = [0, 1]
/** The leases of the batch, and that of the other get. */
export const tokens: [Token, Token] = [1, 2]
export const other: Token = 3

export interface Batch {
  at: 'idle' | 'asking' | 'loading' | 'holding' | 'done'
  /** By id. `late`: the command or its answer is under way, and the batch has gone on without it. */
  leases: ('asked' | 'executed' | 'held' | 'late' | 'late, executed' | 'none' | 'over')[]
  /** The values that the load has read. */
  values: number[]
  /** What was done when it began. */
  promised: number
}

export interface State {
  keys: [Key, Key]
  batch: Batch
  get: { at: 'idle' | 'loading' | 'holding' | 'done'; value: number; promised: number }
  /** The commits of the second id; the first one never changes. */
  written: 0 | 1
  done: 0 | 1
  /** Releases that are under way, by id. */
  backs: boolean[]
}

export interface Step extends StepTo<State> {
  /** An answer for the second id, and what it had to be. */
  answer?: { value: number; promised: number }
}

export type Guards = typeof batchGuards
