import { expect, test } from 'vitest'
import { exploreBatch } from './batch.ts'
import { type BatchGuard, batchProperties } from './batchState.ts'
import { type Explored, neverEnds } from './explore.ts'
import type { Guard } from './guards.ts'
import { properties } from './properties.ts'
import { exploreSetting, type SettingName, settings } from './settings.ts'
import { exploreSide, type SideSettingName, sideProperties, sideSettings } from './sideEntries.ts'
import type { SideGuard } from './sideState.ts'

const names = Object.keys(settings) as SettingName[]

/** An exploration takes up to millions of steps, and the machine may be busy; ms. */
const timeout = 300_000

function expectNothingBroken(name: string, { states, steps, violation }: Explored) {
  expect(violation, violation && `${violation.property}\n${violation.trace}`).toBeUndefined()
  // Printed even if every test passes, because the numbers show how much was explored.
  process.stdout.write(`${states} states, ${steps} steps: ${name}\n`)
}

test.each(names)('every property holds in the setting "%s"', { timeout }, async (name) => {
  expectNothingBroken(name, exploreSetting(name))
})

test('every property holds while a batch loads two ids of two shards', { timeout }, () => {
  expectNothingBroken('a batch loads two ids of two shards', exploreBatch())
})

test.each(Object.keys(sideSettings) as SideSettingName[])(
  'every property holds in the setting "%s"',
  { timeout },
  (name) => expectNothingBroken(name, exploreSide(name)),
)

const race = 'readers and writers race while keys are evicted'
const join = 'readers of one process join loads that may fail'
const refresh = 'stale entries are refreshed by loads that may fail'
const late = 'answers are lost and commands arrive late'
const twice = 'commands are sent twice'
const fallback = 'Redis is away and loads become the fallback'
const deferred = 'two removals of one process are deferred'
const stream = 'the stream removes what killed writers left in Redis'

/** For each guard, a setting in which the protocol fails without it, and the property that fails. */
const without: Record<Guard, [SettingName, string]> = {
  fillNeedsToken: [race, properties.noStaleFill],
  higherVersionIsNotEnough: [race, properties.noStaleFill],
  tokensDiffer: [race, properties.noStaleFill],
  fillNeedsMinVersion: [stream, properties.noStaleFill],
  repeatedFillIsStored: [twice, properties.storedFillIsReported],
  leaseOnlyIfFree: [refresh, properties.oneLoad],
  repeatedRequestKeepsLease: [twice, properties.noLeaseLeft],
  redisAddsToToken: [twice, properties.noStaleFill],
  refreshOnlyEntrySeen: [refresh, properties.oneLoad],
  leaseReplacesUnservable: ['entries are served only while fresh', properties.oneLoad],
  lifeIsByRedisClock: ['the clock of a process is ahead', properties.sparesServed],
  releaseNeedsToken: [join, properties.oneLoad],
  removalDropsLease: [race, properties.noStaleFill],
  eventSparesNewer: [stream, properties.sparesRefill],
  eventKeepsLease: [stream, properties.sparesLoad],
  eventKeepsRefreshLease: ['stream events arrive between refreshes', properties.sparesLoad],
  minVersionOnlyRises: [stream, properties.noStaleFill],
  eventWithoutNewVersionRemoves: ['the table is edited directly', properties.noStaleFill],
  joinNeedsOwnRead: [join, properties.readYourWrites],
  joinNeedsMinVersion: [stream, properties.readYourWrites],
  bypassJoinsLaterLoad: [race, properties.oneLoadAProcess],
  loadOutlivesLeader: [join, properties.answered],
  abandonedLoadIsNotJoined: [join, properties.answered],
  abandonedLoadReturnsLease: [join, properties.noLeaseLeft],
  unansweredLeaseIsReturned: [late, properties.noLeaseLeft],
  releaseStaysInOrder: [late, properties.noLeaseLeft],
  failedLoadLeavesMark: [join, properties.noLeaseLeft],
  abandonedLoadLeavesNoMark: [join, properties.answered],
  markEndsWaiting: [join, properties.markEndsWaiting],
  staleOnlyIfSeen: [refresh, properties.neverInvalidated],
  removalFollowsCommit: [race, properties.noStaleFill],
  removalFollowsThrow: [race, properties.noStaleFill],
  deferredRemovalComesFirst: [deferred, properties.readYourWrites],
  removalOfOlderComesFirst: ['readers read twice while writers race', properties.neverGoesBack],
  servedVersionOnlyRises: ['a process serves a value that it could not store', properties.neverGoesBack],
  bypassUntilDelivered: [deferred, properties.readYourWrites],
  outboxKeepsNewerRemovals: [deferred, properties.agreement],
  bypassStoresNothing: [race, properties.noStaleFill],
  loadsAreConsistent: [race, properties.noStaleFill],
  leasesEnd: ['a process is killed', neverEnds],
  fallbackOnlyWhileAway: [fallback, properties.noStaleFill],
  ownWriteEndsFallback: [fallback, properties.readYourWrites],
  lostRemovalsPromiseNothing: ['a replica takes over', properties.noStaleFill],
}

test.each(Object.entries(without) as [Guard, [SettingName, string]][])(
  'without the guard %s the exploration finds a violation and its trace',
  { timeout },
  (guard, [name, property]) => {
    const { violation } = exploreSetting(name, guard)
    expect(violation?.property).toBe(property)
    expect(violation?.trace).toMatch(/^from Redis .*\n {2}1\. .+/)
  },
)

const batchWithout: Record<BatchGuard, string> = {
  leaseComesBeforeLoad: batchProperties.noStaleFill,
  unansweredLeaseIsReturned: batchProperties.noLeaseLeft,
  othersGoOn: batchProperties.noLeaseLeft,
  eachHasItsLease: batchProperties.agreement,
  eachIsMarked: batchProperties.noLeaseLeft,
}

test.each(Object.entries(batchWithout) as [BatchGuard, string][])(
  'without the guard %s of a batch the exploration finds a violation',
  { timeout },
  (guard, property) => {
    expect(exploreBatch(guard).violation?.property).toBe(property)
  },
)

const schemas = 'readers of two schemas race with a write'
const age = 'entries of two schemas age'
const bypass = 'processes with side entries bypass the cache'

const sideWithout: Record<SideGuard, [SideSettingName, string]> = {
  freshIsLeftAlone: [schemas, sideProperties.sparesFresh],
  readerComparesMainFillId: [schemas, sideProperties.noStaleAnswer],
  leaseChecksMain: [schemas, sideProperties.sparesFresh],
  joinNeedsMainFillId: [schemas, sideProperties.noStaleAnswer],
  // No reader uses the entry that is stored without this guard, but its process adds nothing to its outbox.
  fillChecksMain: [bypass, sideProperties.noStaleAnswer],
  refusedFillEndsLease: [age, sideProperties.noLeaseLeft],
  outboxCoversBothKeys: [bypass, sideProperties.noStaleAnswer],
}

test.each(Object.entries(sideWithout) as [SideGuard, [SideSettingName, string]][])(
  'without the guard %s of side entries the exploration finds a violation',
  { timeout },
  (guard, [name, property]) => {
    const { violation } = exploreSide(name, guard)
    expect(violation?.property).toBe(property)
  },
)

test('an exploration with too many states throws a RangeError', () => {
  expect(() => exploreSetting(race, undefined, 1000)).toThrow(RangeError)
})
