import { environmentSteps } from './environment.ts'
import { flightSteps } from './flight.ts'
import type { Key, KeyGuards } from './key.ts'
import { readerSteps } from './reader.ts'
import { sentSteps } from './sent.ts'
import { nothingPromised, type Process, type State, type Step } from './state.ts'
import { writerSteps } from './writer.ts'

/** What the protocol rests on. Each can be taken out, and then something breaks. */
export const allGuards = {
  /** A fill is accepted only while its own lease is in place. */
  fillNeedsToken: true,
  /** Nor is it accepted because its version is higher than what stands there. */
  fillIsNotByVersion: true,
  /** A lease is told from every other one, by a random token. */
  tokensDiffer: true,
  /** A fill has at least the version that a removal has left at its lease. */
  fillNeedsLeast: true,
  /** A fill that is sent twice is told that it was stored. */
  fillKnowsItself: true,
  /** A lease is taken only where nothing usable stands. */
  leaseOnlyWhereFree: true,
  /** A caller whose lease was sent twice holds it. */
  leaseKnowsItself: true,
  /** Redis names a part of each lease, so that a request which comes a second time, late, makes another one. */
  redisNamesLease: true,
  /** A refresh lease is put only into the entry that the caller has seen to be stale. */
  refreshOnlyOfEntrySeen: true,
  /** A stale entry that may not be served any more gives way to the lease, since Redis may drop it first. */
  unservableGivesWay: true,
  /** Which entry that is, the clock of Redis decides and not that of a reader. */
  lifeIsByRedisClock: true,
  /** A lease is given back, or marked as failed, only by its own holder. */
  releaseNeedsToken: true,
  /** A removal takes away the lease as well as the entry. */
  removalDropsLease: true,
  /** A stream event spares an entry that is at least as new. */
  eventSparesNewer: true,
  /** It leaves a bare lease in place, and with it its version. */
  eventLeavesLease: true,
  /** So it does with the lease in an older entry. */
  eventLeavesRefresh: true,
  /** A version that stands at a lease is never lowered. */
  leastOnlyRises: true,
  /** An event whose version did not rise removes always. */
  eventThatDidNotRiseRemoves: true,
  /** A load is followed only by a get that began before it, or whose own read found its lease in place. */
  joinNeedsOwnRead: true,
  /** Of those by whose own read, only the ones that are content with its version. */
  joinNeedsLeast: true,
  /** A get that goes past the cache follows a load of its process that began after it did. */
  joinsLaterLoads: true,
  /** A load goes on when the caller who began it has gone, as long as others follow it. */
  flightOutlivesLeader: true,
  /** One that nobody follows is given up, and from then on nobody may follow it. */
  givenUpIsNotFollowed: true,
  /** It gives its lease back. */
  flightGivesBack: true,
  /** So does a caller who gave up on the answer to a lease or a fill. */
  givesBackUnanswered: true,
  /** What gives a lease back never overtakes what takes it. */
  giveBackFollows: true,
  /** A load that has failed leaves a mark. */
  failureLeavesMark: true,
  /** One that was given up leaves none. */
  givenUpLeavesNoMark: true,
  /** Whoever finds the mark waits no longer. */
  markIsTold: true,
  /** Where a load fails, a get serves only an entry that it has itself found in place. */
  staleOnlyIfSeen: true,
  /** The removal comes after the commit. */
  removalFollowsCommit: true,
  /** It comes also after a commit that threw. */
  removalFollowsThrow: true,
  /** A process delivers what removal it owes before it reads. */
  owedIsDeliveredFirst: true,
  /** So does one that has served what was not stored: what is older goes before it reads. */
  servedIsDeliveredFirst: true,
  /** The version that is owed so is never lowered. */
  servedOnlyRises: true,
  /** Where it cannot, it goes past the cache. */
  pastWhileOwed: true,
  /** A removal that was deferred while an older one was being delivered stays owed. */
  debtIsSettledByItsOwnRemoval: true,
  /** Who goes past the cache stores nothing. */
  bypassStoresNothing: true,
  /** Loads are strongly consistent. */
  loadsAreConsistent: true,
  /** A lease runs out by itself. */
  leasesEnd: true,
  /** What was kept for while Redis is away is served only then. */
  fallbackOnlyWhileAway: true,
  /** A write of this process ends it, also where its load still runs. */
  fallbackForgetsOwnWrites: true,
  /** Redis keeps the removals that it has acknowledged: of those that a failover lost nothing is promised. */
  lostRemovalsPromiseNothing: true,
}
export type Guard = keyof typeof allGuards

/** What may go wrong at any moment, besides a lease that runs out. */
export interface Faults {
  /** The key is gone: eviction, FLUSHALL. */
  eviction?: true
  /** Entries grow stale, older, and are gone: by which ages. */
  ageing?: 'served while stale' | 'served fresh only'
  /** A command of a reader cannot be sent. */
  redisAway?: true
  /** A caller gives up on the answer to a lease, fill or mark, which is executed before or after that. */
  answersLost?: true
  /** What was sent and not executed may be lost with its connection. */
  sentIsLost?: true
  /** A client sends a lease and a fill again: the first was executed, or is yet to be. */
  sentTwice?: true
  /** A circuit breaker opens after a command that failed, and a probe closes it. */
  breaker?: true
  /** The clock of the readers of the process with the highest number is ahead: all they find is old. */
  clockAhead?: true
  /** A reader waits no longer, and loads for itself. */
  waitsEnd?: true
  /** A reader's own time is over. */
  timeEnds?: true
  loadFails?: true
  /** A commit seems to have failed, but has happened. */
  commitThrows?: true
  /** A commit is given up, and happens after the removal. */
  commitIsLate?: true
  removalFails?: true
  /** A writer is killed between its commit and its removal. */
  writerKilled?: true
  /** The process with the highest number is killed once. */
  processKilled?: true
  /** An edit past the catalog lowers the version. */
  versionsFall?: true
  /** The stream tells of a commit more than once, and of an older one after a newer. */
  eventsRepeat?: true
  /** Once a replica takes over that has not heard of the last commands. */
  failover?: true
}

/** A cast and its troubles. */
export interface Setting {
  guards: Record<Guard, boolean> & KeyGuards
  faults: Faults
  /** The processes of the readers, in ascending order, and how many gets each does. @default 1 get */
  readers: { process: number; gets?: number }[]
  writers: { process: number; kind?: 'write' | 'edit' }[]
  /** The table's stream removes, too. */
  stream?: true
  /** The version of the first value; 0 is that of what has never existed. @default 0 */
  firstVersion?: number
}

/** Redis may hold at first nothing, or an entry; where entries age, one of any age. */
export function starts({ readers, writers, faults, firstVersion = 0 }: Setting): State[] {
  const versions = [faults.versionsFall ? 5 : firstVersion]
  const entry = { value: 0, version: versions[0] as number, fill: 0 }
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
    sent: [],
    writers: writers.map(({ process, kind = 'write' }) => ({ process, kind, at: 'idle', value: 0 })),
    processes: Array.from({ length: processes }, () => ({ owed: 0, own: 0, served: 0 })),
    delivered: 0,
    done: 0,
    mayLoad: key.entry?.age !== 0,
    ...(faults.failover && { replica: { key, done: 0 } }),
  }))
}

export function steps(state: State, setting: Setting): Step[] {
  return [
    ...state.readers.flatMap((_, i) => readerSteps(state, i, setting)),
    ...state.flights.flatMap((_, f) => flightSteps(state, f, setting)),
    ...state.sent.flatMap((_, s) => sentSteps(state, s, setting)),
    ...state.writers.flatMap((_, i) => writerSteps(state, i, setting)),
    ...environmentSteps(state, setting),
  ].map(remembered)
}

/** A process knows the newest value that it has served. */
function remembered(step: Step): Step {
  let { processes } = step.to
  for (const { process, value = 0 } of step.answers ?? []) {
    const known = processes[process] as Process
    if (value > known.served) processes = processes.with(process, { ...known, served: value })
  }
  return processes === step.to.processes ? step : { ...step, to: { ...step.to, processes } }
}

/** No actor has anything left to do. */
export const isEnd = ({ readers, writers, flights, sent }: State): boolean =>
  readers.every(({ gets }) => gets === 0) &&
  writers.every(({ at }) => at === 'done') &&
  flights.length === 0 &&
  sent.length === 0
