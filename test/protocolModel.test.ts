import { expect, test } from 'vitest'
import { neverEnds } from './model/explore.ts'
import { properties } from './model/properties.ts'
import type { Guard } from './model/protocol.ts'
import { exploreSetting, type SettingName, settings } from './model/settings.ts'

const names = Object.keys(settings) as SettingName[]

test.each(names)('no promise is broken where %s', async (name) => {
  const { states, steps, violation } = exploreSetting(name)
  expect(violation, violation && `${violation.property}\n${violation.trace}`).toBeUndefined()
  // Straight to the terminal: the numbers say how much has been proven, also when all is well.
  process.stdout.write(`${states} states, ${steps} steps: ${name}\n`)
})

/** Where the protocol fails without a guard, and by which promise. */
const without: Record<Guard, [SettingName, string]> = {
  fillNeedsToken: ['readers and writers race while keys are evicted', properties.noStaleFill],
  fillIsNotByVersion: ['readers and writers race while keys are evicted', properties.noStaleFill],
  tokensDiffer: ['readers and writers race while keys are evicted', properties.noStaleFill],
  removalDropsLease: ['readers and writers race while keys are evicted', properties.noStaleFill],
  removalFollowsCommit: ['readers and writers race while keys are evicted', properties.noStaleFill],
  removalFollowsThrow: ['readers and writers race while keys are evicted', properties.noStaleFill],
  bypassStoresNothing: ['readers and writers race while keys are evicted', properties.noStaleFill],
  loadsAreConsistent: ['readers and writers race while keys are evicted', properties.noStaleFill],
  joinNeedsOwnRead: ['readers of one process join loads that may fail', properties.readYourWrites],
  leasesEnd: ['readers of one process join loads that may fail', neverEnds],
  leaseOnlyWhereFree: ['stale entries are refreshed by loads that may fail', properties.oneLoad],
  refreshOnlyOfEntrySeen: ['stale entries are refreshed by loads that may fail', properties.oneLoad],
  staleOnlyIfSeen: ['stale entries are refreshed by loads that may fail', properties.neverInvalidated],
  owedIsDeliveredFirst: ['two removals of one process are deferred', properties.readYourWrites],
  pastWhileOwed: ['two removals of one process are deferred', properties.readYourWrites],
  debtIsSettledByItsOwnRemoval: ['two removals of one process are deferred', properties.agreement],
  eventDropsLease: ['the stream makes good what writers leave behind', properties.agreement],
  eventSparesNewer: ['the stream makes good what writers leave behind', properties.sparesRefill],
  eventThatDidNotRiseRemoves: ['the table is edited past the catalog', properties.agreement],
}

test.each(Object.entries(without) as [Guard, [SettingName, string]][])(
  'without the guard %s one is broken',
  (guard, [name, property]) => {
    const { violation } = exploreSetting(name, guard)
    expect(violation?.property).toBe(property)
    expect(violation?.trace).toMatch(/^from Redis .*\n {2}1\. .+/)
  },
)

test('an exploration that would not be complete fails', () => {
  expect(() => exploreSetting('readers and writers race while keys are evicted', undefined, 1000)).toThrow(
    RangeError,
  )
})
