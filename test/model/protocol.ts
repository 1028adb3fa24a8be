import { readerSteps } from './reader.ts'
import type { Key, State, Step } from './state.ts'
import { environmentSteps, writerSteps } from './writer.ts'

/** What the protocol rests on. Each can be taken out, and then something breaks. */
export const allGuards = {
  /** A fill is accepted only while its own lease is in place. */
  fillNeedsToken: true,
  /** Nor is it accepted because its version is higher than what stands there. */
  fillIsNotByVersion: true,
  /** A lease is told from every other one, by a random token. */
  tokensDiffer: true,
  /** A removal takes away the lease as well as the entry. */
  removalDropsLease: true,
  /** A load is joined only by a get whose own read found its lease in place. */
  joinNeedsOwnRead: true,
  /** A lease is taken only where nothing usable stands. */
  leaseOnlyWhereFree: true,
  /** A refresh lease is put only into the entry that the caller has seen to be stale. */
  refreshOnlyOfEntrySeen: true,
  /** The removal comes after the commit. */
  removalFollowsCommit: true,
  /** It comes also after a commit that threw. */
  removalFollowsThrow: true,
  /** A process delivers what removal it owes before it reads. */
  owedIsDeliveredFirst: true,
  /** Where it cannot, it goes past the cache. */
  pastWhileOwed: true,
  /** A removal that was deferred while an older one was being delivered stays owed. */
  debtIsSettledByItsOwnRemoval: true,
  /** Who goes past the cache stores nothing. */
  bypassStoresNothing: true,
  /** Loads are strongly consistent. */
  loadsAreConsistent: true,
  /** A stream event takes away a lease, too. */
  eventDropsLease: true,
  /** It spares an entry that is at least as new. */
  eventSparesNewer: true,
  /** Unless its version did not rise: then it removes always. */
  eventThatDidNotRiseRemoves: true,
  /** Where a load fails, a get serves only an entry that it has itself found in place. */
  staleOnlyIfSeen: true,
  /** A lease runs out by itself. */
  leasesEnd: true,
}
export type Guard = keyof typeof allGuards

/** What may go wrong at any moment, besides a lease that runs out. */
export interface Faults {
  /** The key is gone: eviction, FLUSHALL. */
  eviction?: true
  /** Entries grow stale, older, and are gone. */
  ageing?: true
  /** A command of a reader fails, or its answer is lost. */
  redisAway?: true
  /** A reader waits no longer. */
  waitsEnd?: true
  loadFails?: true
  /** A commit seems to have failed, but has happened. */
  commitThrows?: true
  /** A commit is given up, and happens after the removal. */
  commitIsLate?: true
  removalFails?: true
  /** A writer is killed between its commit and its removal. */
  writerKilled?: true
  /** An edit past the catalog lowers the version. */
  versionsFall?: true
}

/** A cast and its troubles. */
export interface Setting {
  guards: Record<Guard, boolean>
  faults: Faults
  /** The processes of the readers, in ascending order, and how many gets each does. @default 1 get */
  readers: { process: number; gets?: number }[]
  writers: { process: number; kind?: 'write' | 'edit' }[]
  /** The table's stream removes, too. */
  stream?: true
}

/** Redis may hold at first nothing, or an entry; where entries age, one of any age. */
export function starts({ readers, writers, faults }: Setting): State[] {
  const keys: Key[] = [{}, { entry: { value: 0, age: 0 } }]
  if (faults.ageing) keys.push({ entry: { value: 0, age: 1 } }, { entry: { value: 0, age: 2 } })
  const none = Array.from(
    { length: 1 + Math.max(...[...readers, ...writers].map((actor) => actor.process)) },
    () => 0,
  )
  return keys.map((key) => ({
    versions: [faults.versionsFall ? 5 : 0],
    key,
    readers: readers.map(({ process, gets = 1 }) => ({
      process,
      gets,
      at: 'idle',
      promised: { done: 0, own: 0 },
    })),
    writers: writers.map(({ process, kind = 'write' }) => ({ process, kind, at: 'idle', value: 0 })),
    delivered: 0,
    owed: none,
    done: 0,
    deferred: none,
  }))
}

export function steps(state: State, setting: Setting): Step[] {
  return [
    ...state.readers.flatMap((_, i) => readerSteps(state, i, setting)),
    ...state.writers.flatMap((_, i) => writerSteps(state, i, setting)),
    ...environmentSteps(state, setting),
  ]
}

/** No actor has anything left to do. */
export const isEnd = ({ readers, writers }: State): boolean =>
  readers.every(({ gets }) => gets === 0) && writers.every(({ at }) => at === 'done')
