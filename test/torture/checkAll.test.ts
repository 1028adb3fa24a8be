import { expect, test } from 'vitest'
import { type AllPromises, checkAll } from './check.ts'
import { type Circumstances, calm } from './circumstances.ts'
import type { Breaker, Bypassed, Got, Load, Operation, Removed, Unanswered } from './history.ts'

const promises: AllPromises = {
  ...{ fallbackMs: 1000, lifeMs: 10_000, minFreshMs: 1000, negativeTtl: 300 },
  ...{ leaseMs: 3000, waitMs: 3500, cacheTimeoutMs: 100, loadTimeoutMs: 2500 },
}

/** Operations on one id, by process 1 where they say nothing else. */
const done = (start: number, end = start + 10) => ({
  process: '1',
  cache: 'text' as const,
  id: 'a',
  start,
  end,
})
const load = (start: number, more: Partial<Load> = {}): Load => ({
  ...{ type: 'load', ...done(start), outcome: 'value', ...more },
})
const removed = (start: number, more: Partial<Removed> = {}): Removed => {
  const { cache: _, ...each } = done(start)
  return { type: 'removed', ...each, process: '2', caches: ['text'], outcome: 'done', ...more }
}
const bypassed = (at: number): Bypassed => ({ type: 'bypassed', ...done(at, at), detail: 'redis-error' })
const breaker = (at: number, state: Breaker['state']): Breaker => ({
  ...{ type: 'breaker', process: '1', id: '', start: at, end: at, state },
})
const got = (start: number, end: number, more: Partial<Got> = {}): Got => ({
  ...{ type: 'got', ...done(start, end), version: 0, text: null, from: 'cache', status: 'hit', ...more },
})
/** It has joined a load past Redis: an answer of another caller, and none of the cache. */
const joinedPast = { status: 'hit=false; fwd=bypass; collapsed; detail=redis-away' }
const before = { fault: 'pause', start: -1000, end: -350 } as const
const past = (start: number, end: number, detail: string, more: Partial<Got> = {}): Got =>
  got(start, end, { from: 'database', status: `hit=false; fwd=bypass; detail=${detail}`, ...more })
const unanswered = (start: number, end: number, more: Partial<Unanswered> = {}): Unanswered => ({
  ...{ type: 'unanswered', ...done(start, end), error: 'LoadFailed', ...more },
})
const broken = (history: Operation[], circumstances: Partial<Circumstances> = {}) =>
  checkAll(history, promises, { ...calm, ...circumstances }).map(({ rule }) => rule)

test('G3: one load for each expiry', () => {
  expect(broken([load(0), load(1001)])).toEqual([])
  expect(broken([load(0), load(990)])).toEqual(['G3'])
  expect(broken([load(0), load(1001), load(1050, { process: '2' })])).toEqual(['G3'])
  expect(broken([load(0, { outcome: 'nothing' }), load(301)])).toEqual([])
  expect(broken([load(0, { outcome: 'nothing' }), load(290)])).toEqual(['G3'])
  // Entries are told apart by cache and id.
  expect(broken([load(0), load(5, { cache: 'copy' }), load(5, { id: 'b' })])).toEqual([])
})

test('G3: one for each removal that may have come between the two leases', () => {
  expect(broken([load(0), removed(20), load(40)])).toEqual([])
  expect(broken([load(0), removed(20), load(40), load(60)])).toEqual([])
  expect(broken([load(200), removed(20), load(240)])).toEqual(['G3'])
  expect(broken([load(0), removed(50), load(40)])).toEqual(['G3'])
  expect(broken([load(0), removed(20, { caches: ['copy'] }), load(40)])).toEqual(['G3'])
  // One that was deferred may come at any time, until its process reads from the cache again.
  const deferred = removed(-2000, { outcome: 'deferred' })
  expect(broken([deferred, load(0), load(40)])).toEqual([])
  const again = { process: '2', ...joinedPast }
  expect(broken([deferred, got(-900, -890, again), load(0), load(40)], { faults: [before] })).toEqual([])
  expect(broken([deferred, got(-900, -890, { process: '2' }), load(0), load(40)])).toEqual(['G3'])
})

test('G3: one for each lease period, each load that failed, and each that was given up', () => {
  expect(broken([load(0, { end: 3200, outcome: 'nothing' }), load(2950)])).toEqual([])
  expect(broken([load(0, { outcome: 'failed' }), load(11)])).toEqual([])
  expect(broken([load(0, { outcome: 'failed', end: 50 }), load(11)])).toEqual(['G3'])
  expect(broken([load(0, { outcome: 'gone', end: 50 }), load(51)])).toEqual([])
})

test('G3: what befalls Redis and the processes is a reason, if it may have been the cause', () => {
  const pair = [load(0), load(40)]
  const at = { start: 15, end: 20 }
  expect(broken(pair, { faults: [{ fault: 'flush', ...at }] })).toEqual([])
  expect(broken(pair, { faults: [{ fault: 'flush', start: 300, end: 301 }] })).toEqual(['G3'])
  expect(broken(pair, { faults: [{ fault: 'evict', key: 'aisle:{a}:text', ...at }] })).toEqual([])
  expect(broken(pair, { faults: [{ fault: 'evict', key: 'aisle:{b}:text', ...at }] })).toEqual(['G3'])
  expect(broken(pair, { waits: [{ process: '1', control: 'redis', ...at }] })).toEqual([])
  expect(broken(pair, { waits: [{ process: '3', control: 'redis', ...at }] })).toEqual(['G3'])
  expect(broken(pair, { killed: [{ process: '3', at: 30 }] })).toEqual([])
  expect(broken(pair, { wrongClocks: ['1'] })).toEqual([])
})

test('G3: one for each answer that nothing exists and that could not be stored, until its process reads the id again', () => {
  const unstored = got(-500, -490, { from: 'database', status: 'hit=false; fwd=uri-miss' })
  expect(broken([unstored, load(0), load(40)])).toEqual([])
  expect(broken([unstored, got(-400, -390), load(0), load(40)])).toEqual(['G3'])
  expect(broken([unstored, got(-400, -390, { process: '2' }), load(0), load(40)])).toEqual([])
  expect(broken([unstored, got(-400, -390, joinedPast), load(0), load(40)], { faults: [before] })).toEqual([])
  expect(broken([{ ...unstored, version: 3, text: 'x' }, load(0), load(40)])).toEqual(['G3'])
})

test('G3: a load past the cache needs no reason', () => {
  expect(broken([load(0), bypassed(39), load(40)])).toEqual([])
  expect(broken([load(0), bypassed(60), load(40)])).toEqual(['G3'])
})

test('G7: an answer comes within its budget, but for a fill, and for what the process itself was late', () => {
  expect(broken([got(0, 600, { budgetMs: 500 })])).toEqual([])
  expect(broken([got(0, 630, { budgetMs: 500 })])).toEqual(['G7'])
  expect(broken([got(0, 9000)])).toEqual([])
  const late = { process: '1', control: 'timer', start: 100, end: 130 } as const
  expect(broken([got(0, 640, { budgetMs: 500 })], { waits: [late] })).toEqual([])
  expect(broken([got(0, 660, { budgetMs: 500 })], { waits: [late] })).toEqual(['G7'])
  // A Redis that hangs is no reason.
  expect(broken([got(0, 640, { budgetMs: 500 })], { waits: [{ ...late, control: 'redis' }] })).toEqual(['G7'])
})

test('away: the cache is left out only where Redis may have been away', () => {
  const pause = { fault: 'pause', start: 0, end: 500 } as const
  expect(broken([past(450, 460, 'redis-timeout')], { faults: [pause] })).toEqual([])
  expect(broken([past(600, 610, 'redis-timeout')], { faults: [pause] })).toEqual(['away'])
  expect(broken([past(450, 460, 'redis-timeout')])).toEqual(['away'])
  expect(broken([past(450, 460, 'redis-timeout')], { faults: [{ ...pause, fault: 'flush' }] })).toEqual([
    'away',
  ])
})

test('away: a caller may give up when all the time is over that it has for Redis, and no sooner', () => {
  const gaveUp = (at: number, budgetMs?: number) =>
    broken([past(0, at + 20, 'redis-timeout', budgetMs === undefined ? {} : { budgetMs }), bypassed(at)])
  expect([gaveUp(100), gaveUp(163)]).toEqual([[], []])
  expect(gaveUp(99)).toEqual(['away'])
  expect([gaveUp(12, 24), gaveUp(58, 115)]).toEqual([[], []])
  expect([gaveUp(5, 24), gaveUp(50, 115), gaveUp(90, 200)]).toEqual([['away'], ['away'], ['away']])
  // Another one's bypass says nothing of it.
  expect(broken([past(0, 200, 'redis-timeout'), { ...bypassed(150), process: '2' }])).toEqual(['away'])
})

test('away: it is known to be only while the breaker is open, and not much longer than it was', () => {
  const faults = [{ fault: 'pause', start: 0, end: 500 } as const]
  const open = breaker(100, 'open')
  const kept = past(1400, 1401, 'fallback', { from: 'fallback' })
  expect(broken([open, kept], { faults })).toEqual([])
  expect(broken([kept], { faults })).toEqual(['away'])
  expect(broken([open, breaker(900, 'closed'), kept], { faults })).toEqual(['away'])
  expect(broken([open, past(2100, 2101, 'redis-away')], { faults })).toEqual(['away'])
  expect(broken([open, kept])).toEqual(['away'])
})

test('away: a caller who loads for itself has waited, or has spent half of its time', () => {
  expect(broken([past(0, 3600, 'wait-timeout')])).toEqual([])
  expect(broken([past(0, 3000, 'wait-timeout')])).toEqual(['away'])
  expect(broken([past(0, 500, 'wait-timeout', { budgetMs: 1000 })])).toEqual([])
  expect(broken([past(0, 300, 'wait-timeout', { budgetMs: 1000 })])).toEqual(['away'])
})

test('G4: there is no answer only because a load failed, or since the own time is over', () => {
  expect(broken([unanswered(0, 100)])).toEqual(['G4'])
  expect(broken([load(10, { outcome: 'failed' }), unanswered(0, 100)])).toEqual([])
  expect(broken([load(-200, { outcome: 'failed' }), unanswered(0, 100)])).toEqual([])
  expect(broken([load(-600, { outcome: 'failed' }), unanswered(0, 100)])).toEqual(['G4'])
  expect(broken([load(10, { outcome: 'failed', cache: 'copy' }), unanswered(0, 100)])).toEqual(['G4'])
  expect(broken([unanswered(0, 100, { budgetMs: 100 })])).toEqual([])
  expect(broken([unanswered(0, 100, { budgetMs: 200 })])).toEqual(['G4'])
})

test('G4: that a load was given up is no reason, unless the database took too long', () => {
  expect(broken([load(0, { outcome: 'gone', end: 200 }), unanswered(0, 210)])).toEqual(['G4'])
  expect(broken([load(0, { outcome: 'gone', end: 2501 }), unanswered(0, 2510)])).toEqual([])
  // The time of a load that comes to its end in that very moment is over all the same.
  expect(broken([load(0, { outcome: 'nothing', end: 2490 }), unanswered(0, 2510)])).toEqual([])
  expect(broken([load(0, { outcome: 'nothing', end: 2400 }), unanswered(0, 2510)])).toEqual(['G4'])
  const late = { process: '1', control: 'timer', start: 100, end: 190 } as const
  const history = [load(0, { outcome: 'nothing', end: 2400 }), unanswered(0, 2510)]
  expect(broken(history, { waits: [late] })).toEqual([])
})
