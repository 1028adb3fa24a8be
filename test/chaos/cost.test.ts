import { describe, expect, test } from 'vitest'
import { costOf, put, read, showing } from './examples.ts'

const noneStale = { afterDone: 0, afterDeferred: 0, fallback: 0, oldFallback: 0, afterLong: 0 }

describe('a stale read', () => {
  test('shows an older version than a write that was acknowledged before the read began', () => {
    const reads = [read(1_400, showing(1)), read(1_600, showing(1)), read(1_600, showing(2))]
    expect(costOf(reads, [put(1_500, 2)]).stale).toEqual({ ...noneStale, afterDone: 1 })
  })

  test('counts as `afterDeferred` only if every removal that it missed was deferred', () => {
    const deferred = [put(1_500, 2, 'deferred')]
    expect(costOf([read(1_600, showing(1))], deferred).stale).toEqual({ ...noneStale, afterDeferred: 1 })
    const both = [put(1_400, 2), put(1_500, 3, 'deferred')]
    expect(costOf([read(1_600, showing(1))], both).stale).toEqual({ ...noneStale, afterDone: 1 })
    expect(costOf([read(1_600, showing(2))], both).stale).toEqual({ ...noneStale, afterDeferred: 1 })
  })

  test('counts as `oldFallback` if a process without Redis served its own load for longer than a second', () => {
    const fallback = { ...showing(1), cache: 'aisle; fwd=bypass; collapsed; detail=fallback' }
    const { stale } = costOf([read(2_400, fallback), read(2_600, fallback)], [put(1_500, 2)])
    expect(stale).toEqual({ ...noneStale, fallback: 1, oldFallback: 1 })
  })

  test('counts as `fallback` for a second if it is a list that bypassed Redis in part', () => {
    const cache = 'aisle; fwd=bypass; detail=redis-timeout'
    const list = { ...showing(1), entries: ['listed p0', 'listed p1'], cache }
    const staleAt = (start: number, invalidation: 'done' | 'deferred') =>
      costOf([read(start, list)], [put(1_500, 2, invalidation)]).stale
    expect(staleAt(2_000, 'done')).toEqual({ ...noneStale, fallback: 1 })
    expect(staleAt(3_000, 'done')).toEqual({ ...noneStale, afterDone: 1 })
    expect(staleAt(3_000, 'deferred')).toEqual({ ...noneStale, afterDeferred: 1 })
  })
})

test('a read went back if its process had shown a newer version of the same entry before it began', () => {
  const page = { entries: ['page p0'] }
  const wentBack = (first: Partial<typeof page>, second: Partial<ReturnType<typeof read>>) =>
    costOf([read(1_100, { ...showing(2), ...first }), read(1_200, { ...showing(1), ...second })]).wentBack
  expect(wentBack({}, {})).toBe(1)
  expect(wentBack({}, { start: 1_102 })).toBe(0)
  expect(wentBack({}, { process: 1 })).toBe(0)
  expect(wentBack(page, {})).toBe(0)
})

test('a failed read counts by the time at which it began', () => {
  const failure = '503'
  const cost = costOf([read(1_100, { failure }), read(1_200), read(2_100, { failure })])
  expect(cost).toMatchObject({ reads: 2, failed: 1, failedShare: 0.5, failedAfter: 1 })
})

test('the catalogue is clean after the last problem, counted from the end of the fault', () => {
  const refused = { ...put(1_500, 2), refusals: [{ at: 2_300, reason: '503' }] }
  expect(costOf([read(1_100, { failure: '503' }), read(2_500)]).cleanAfter).toBe(0)
  expect(costOf([read(2_500, { cache: 'aisle; fwd=bypass; detail=redis-away' })]).cleanAfter).toBe(0.505)
  expect(costOf([], [refused]).cleanAfter).toBe(0.3)
  expect(costOf([], [put(2_400, 2, 'deferred')]).cleanAfter).toBe(0.4)
  expect(costOf([read(2_700, showing(1))], [put(2_600, 2)]).cleanAfter).toBe(0.705)
})
