import { describe, expect, test } from 'vitest'
import type { Cost } from './cost.ts'
import { costOf, noFault, put, read, showing } from './examples.ts'
import { type Fault, faults } from './faults.ts'
import { findBrokenPromises, findHarmByWriters } from './promises.ts'

const failure = '503'
const databaseAway = { ...noFault, isDatabaseAway: true } as const

describe('a promise is broken', () => {
  test('if reads fail although the database is available', () => {
    const cost = costOf([read(1_100, { failure }), read(1_200), read(2_100, { failure })])
    expect(findBrokenPromises(noFault, cost)).toEqual([
      'no fault: reads that failed although DynamoDB was available: 2',
    ])
    expect(findBrokenPromises(databaseAway, cost)).toEqual([])
  })

  test('if reads fail later than 3 s after the database is back', () => {
    const failedAt = (start: number) => costOf([read(1_100), read(start, { failure })])
    expect(findBrokenPromises(databaseAway, failedAt(4_000))).toEqual([])
    expect(findBrokenPromises(databaseAway, failedAt(6_000))).toEqual([
      'no fault: reads that failed although DynamoDB was available: 1',
    ])
  })

  test('if attempts to write fail although the database is available', () => {
    const refused = { ...put(1_500, 2), refusals: [{ at: 1_400, reason: '503' }] }
    expect(findBrokenPromises(noFault, costOf([read(1_100)], [refused]))).toEqual([
      'no fault: attempts to write that failed although DynamoDB was available: 1',
    ])
  })

  test('if the catalogue does not recover', () => {
    const cost = costOf([read(1_100), read(31_000, showing(1))], [put(1_500, 2, 'deferred')])
    expect(findBrokenPromises(noFault, cost)).toEqual([
      'no fault: reads that were still stale 10 s after the fault: 1',
      'no fault: the catalogue had not recovered 10 s after the fault',
    ])
  })

  test('if no read began during the fault', () => {
    expect(findBrokenPromises(noFault, costOf([]))).toEqual(['no fault: no read began during the fault'])
  })
})

test('writers that continue while DynamoDB is away may make two percentage points more of the reads fail', () => {
  const cost = costOf([read(1_100)])
  const withShares = (paused: number, continuing: number) =>
    new Map<Fault, Cost>(
      faults
        .filter(({ name }) => name.startsWith('DynamoDB is killed'))
        .map((fault) => [fault, { ...cost, failedShare: fault.writers === 'pause' ? paused : continuing }]),
    )
  expect(findHarmByWriters(withShares(0.05, 0.07))).toEqual([])
  expect(findHarmByWriters(withShares(0.05, 0.071))).toEqual([
    'DynamoDB is killed: 7.1 % of the reads failed while writers continued, 5.0 % while they paused',
  ])
})
