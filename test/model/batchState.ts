import type { StepTo } from './explore.ts'
import type { Key, Token } from './key.ts'

/**
 * A batch of two ids on two shards. It asks both shards for the leases at once, loads both ids at once, and fills each.
 * Meanwhile a get and a write of the second id run. A shard may answer too late or not at all.
 */
export const batchGuards = {
  /** A batch fills only ids whose lease was taken before the load began. */
  leaseComesBeforeLoad: true,
  /** If a shard has not answered, its leases are returned. */
  unansweredLeaseIsReturned: true,
  /** The ids of the other shards are loaded and filled anyway, so that no lease is left. */
  othersGoOn: true,
  /** Each id is filled under its own lease. */
  eachHasItsLease: true,
  /** If the load fails, each lease is marked. */
  eachIsMarked: true,
}
export type BatchGuard = keyof typeof batchGuards

export const batchProperties = {
  noStaleFill: 'G1: after a confirmed removal, a get returns nothing older than the commit of that removal',
  noLeaseLeft: 'no lease is left without a load',
  agreement: 'in the end, Redis holds nothing older than the database',
} as const

export type Id = 0 | 1
export const ids: Id[] = [0, 1]
/** The leases of the batch. */
export const tokens: [Token, Token] = [1, 2]
/** The lease of the other get. */
export const getToken: Token = 3

export interface Batch {
  at: 'idle' | 'asking' | 'loading' | 'loaded' | 'done'
  /** By id. `late`: the command or its answer is under way, and the batch has gone on without it. */
  leases: ('asked' | 'executed' | 'held' | 'late' | 'late, executed' | 'none' | 'over')[]
  /** The values that the load has read. */
  values: number[]
  /** The last commit whose removal was done when the batch began. */
  promised: number
}

export interface State {
  keys: [Key, Key]
  batch: Batch
  get: { at: 'idle' | 'loading' | 'loaded' | 'done'; value: number; promised: number }
  /** The commits of the second id; the first id never changes. */
  written: 0 | 1
  done: 0 | 1
  /** By id: a release is under way. */
  releases: boolean[]
}

export interface Step extends StepTo<State> {
  /** An answer for the second id, and the least value that it must have. */
  answer?: { value: number; promised: number }
}

export type Guards = typeof batchGuards
