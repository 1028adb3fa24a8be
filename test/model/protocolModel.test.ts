import { expect, test } from 'vitest'
import { exploreBatch } from './batch.ts'
import { type BatchGuard, batchProperties } from './batchState.ts'
import { type BesideCast, besideCasts, besideProperties, exploreBeside } from './beside.ts'
import type { BesideGuard } from './besideState.ts'
import { type Explored, neverEnds } from './explore.ts'
import { properties } from './properties.ts'
import type { Guard } from './protocol.ts'
import { exploreSetting, type SettingName, settings } from './settings.ts'

const names = Object.keys(settings) as SettingName[]

/** Explores millions of steps, beside whatever else the machine does. */
const timeout = 300_000

function expectNothingBroken(name: string, { states, steps, violation }: Explored) {
  expect(violation, violation && `${violation.property}\n${violation.trace}`).toBeUndefined()
  // Straight to the terminal: the numbers say how much has been proven, also when all is well.
  process.stdout.write(`${states} states, ${steps} steps: ${name}\n`)
}

test.each(names)('no promise is broken where %s', { timeout }, async (name) => {
  expectNothingBroken(name, exploreSetting(name))
})

test('none is broken where a batch of two ids meets two shards', { timeout }, () => {
  expectNothingBroken('a batch of two ids meets two shards', exploreBatch())
})

test.each(Object.keys(besideCasts) as BesideCast[])('none is broken where %s', { timeout }, (name) =>
  expectNothingBroken(name, exploreBeside(name)),
)

const race = 'readers and writers race while keys are evicted'
const follow = 'readers of one process follow loads that may fail'
const refresh = 'stale entries are refreshed by loads that may fail'
const late = 'answers are lost, and commands come late'
const twice = 'commands are sent twice'
const kept = 'Redis is away, and what was loaded is kept'
const deferred = 'two removals of one process are deferred'
const stream = 'the stream makes good what writers leave behind'

/** Where the protocol fails without a guard, and by which promise. */
const without: Record<Guard, [SettingName, string]> = {
  fillNeedsToken: [race, properties.noStaleFill],
  fillIsNotByVersion: [race, properties.noStaleFill],
  tokensDiffer: [race, properties.noStaleFill],
  fillNeedsLeast: [stream, properties.noStaleFill],
  fillKnowsItself: [twice, properties.tellsStored],
  leaseOnlyWhereFree: [refresh, properties.oneLoad],
  leaseKnowsItself: [twice, properties.nothingStays],
  redisNamesLease: [twice, properties.noStaleFill],
  refreshOnlyOfEntrySeen: [refresh, properties.oneLoad],
  unservableGivesWay: ['entries are served only while fresh', properties.oneLoad],
  lifeIsByRedisClock: ['the clock of a process is ahead', properties.sparesServed],
  releaseNeedsToken: [follow, properties.oneLoad],
  removalDropsLease: [race, properties.noStaleFill],
  eventSparesNewer: [stream, properties.sparesRefill],
  eventLeavesLease: [stream, properties.sparesLoad],
  eventLeavesRefresh: ['the stream comes between refreshes', properties.sparesLoad],
  leastOnlyRises: [stream, properties.noStaleFill],
  eventThatDidNotRiseRemoves: ['the table is edited past the catalog', properties.noStaleFill],
  joinNeedsOwnRead: [follow, properties.readYourWrites],
  joinNeedsLeast: [stream, properties.readYourWrites],
  joinsLaterLoads: [race, properties.oneLoadAProcess],
  flightOutlivesLeader: [follow, properties.answered],
  givenUpIsNotFollowed: [follow, properties.answered],
  flightGivesBack: [follow, properties.nothingStays],
  givesBackUnanswered: [late, properties.nothingStays],
  giveBackFollows: [late, properties.nothingStays],
  failureLeavesMark: [follow, properties.nothingStays],
  givenUpLeavesNoMark: [follow, properties.answered],
  markIsTold: [follow, properties.refusalIsTold],
  staleOnlyIfSeen: [refresh, properties.neverInvalidated],
  removalFollowsCommit: [race, properties.noStaleFill],
  removalFollowsThrow: [race, properties.noStaleFill],
  owedIsDeliveredFirst: [deferred, properties.readYourWrites],
  servedIsDeliveredFirst: ['readers come again while writers race', properties.neverGoesBack],
  servedOnlyRises: ['a process serves what it could not store', properties.neverGoesBack],
  pastWhileOwed: [deferred, properties.readYourWrites],
  debtIsSettledByItsOwnRemoval: [deferred, properties.agreement],
  bypassStoresNothing: [race, properties.noStaleFill],
  loadsAreConsistent: [race, properties.noStaleFill],
  leasesEnd: ['a process is killed', neverEnds],
  fallbackOnlyWhileAway: [kept, properties.noStaleFill],
  fallbackForgetsOwnWrites: [kept, properties.readYourWrites],
  lostRemovalsPromiseNothing: ['a replica takes over', properties.noStaleFill],
}

test.each(Object.entries(without) as [Guard, [SettingName, string]][])(
  'without the guard %s one is broken',
  { timeout },
  (guard, [name, property]) => {
    const { violation } = exploreSetting(name, guard)
    expect(violation?.property).toBe(property)
    expect(violation?.trace).toMatch(/^from Redis .*\n {2}1\. .+/)
  },
)

const batchWithout: Record<BatchGuard, string> = {
  leaseComesBeforeLoad: batchProperties.noStaleFill,
  unansweredIsGivenBack: batchProperties.nothingStays,
  othersGoOn: batchProperties.nothingStays,
  eachHasItsLease: batchProperties.agreement,
  eachIsMarked: batchProperties.nothingStays,
}

test.each(Object.entries(batchWithout) as [BatchGuard, string][])(
  'without the guard %s of a batch one is broken',
  { timeout },
  (guard, property) => {
    expect(exploreBatch(guard).violation?.property).toBe(property)
  },
)

const schemas = 'readers of two schemas race with a write'
const aged = 'entries of two schemas age'
const gonePast = 'processes of one schema go past the cache beside the other'

const besideWithout: Record<BesideGuard, [BesideCast, string]> = {
  freshIsLeftAlone: [schemas, besideProperties.sparesFresh],
  readerComparesHead: [schemas, besideProperties.noStaleAnswer],
  leaseChecksMain: [schemas, besideProperties.sparesFresh],
  joinNeedsHead: [schemas, besideProperties.noStaleAnswer],
  // Nobody reads what was stored so, but its process owes nothing for it.
  fillChecksMain: [gonePast, besideProperties.noStaleAnswer],
  refusedFillEndsLease: [aged, besideProperties.nothingStays],
  debtIsOfBothKeys: [gonePast, besideProperties.noStaleAnswer],
}

test.each(Object.entries(besideWithout) as [BesideGuard, [BesideCast, string]][])(
  'without the guard %s of two schemas one is broken',
  { timeout },
  (guard, [name, property]) => {
    const { violation } = exploreBeside(name, guard)
    expect(violation?.property).toBe(property)
  },
)

test('an exploration that would not be complete fails', () => {
  expect(() => exploreSetting(race, undefined, 1000)).toThrow(RangeError)
})
