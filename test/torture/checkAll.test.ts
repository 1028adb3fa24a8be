import { describe, expect, test } from 'vitest'
import { type AllPromises, checkAll, type Rule } from './check.ts'
import { type Circumstances, undisturbed } from './circumstances.ts'
import type { Answered, Breaker, Bypassed, Load, Operation, Removed, Unanswered } from './history.ts'

const promises: AllPromises = {
  ...{ fallbackMs: 1000, lifeMs: 10_000, minFreshMs: 1000, negativeTtl: 300 },
  ...{ leaseMs: 3000, waitMs: 3500, cacheTimeoutMs: 100, loadTimeoutMs: 2500 },
}

/** The fields of an operation on the id `a`, by process 1. It takes ten milliseconds unless it names its end. */
const operation = (start: number, end = start + 10) => ({
  ...{ process: '1', id: 'a', start, end },
})
const inCache = { cache: 'text' } as const
const load = (start: number, more: Partial<Load> = {}): Load => ({
  ...{ type: 'load', ...inCache, ...operation(start), outcome: 'value', ...more },
})
/** A removal by process 2. */
const removal = (start: number, more: Partial<Removed> = {}): Removed => ({
  ...{ type: 'removed', ...operation(start), process: '2', caches: ['text'], outcome: 'done', ...more },
})
const bypass = (at: number): Bypassed => ({
  ...{ type: 'bypassed', ...inCache, ...operation(at, at), detail: 'redis-error' },
})
const breaker = (at: number, state: Breaker['state']): Breaker => ({
  ...{ type: 'breaker', ...operation(at, at), id: '', state },
})
const answered = (start: number, end: number, more: Partial<Answered> = {}): Answered => ({
  ...{ type: 'answered', ...inCache, ...operation(start, end), version: 0, text: null },
  ...{ from: 'cache', status: 'hit', ...more },
})
const unanswered = (start: number, end: number, more: Partial<Unanswered> = {}): Unanswered => ({
  ...{ type: 'unanswered', ...inCache, ...operation(start, end), error: 'LoadFailed', ...more },
})
/** The answer of a get that bypassed the cache and loaded for itself. */
const bypassing = (start: number, end: number, detail: string, more: Partial<Answered> = {}): Answered =>
  answered(start, end, { from: 'database', status: `hit=false; fwd=bypass; detail=${detail}`, ...more })
/** The status of a get that joined a load that bypasses the cache. Its answer shows no read of Redis. */
const joinedBypass = { status: 'hit=false; fwd=bypass; collapsed; detail=redis-away' }
/** Redis was away while a get of the past joined such a load. */
const wasAway = { fault: 'pause', start: -1000, end: -350 } as const

const brokenRules = (history: Operation[], circumstances: Partial<Circumstances> = {}): Rule[] =>
  checkAll(history, promises, { ...undisturbed, ...circumstances }).map(({ rule }) => rule)

describe('a second load of an entry', () => {
  const unfounded = ['load without a reason']

  test('is allowed once the first value has expired', () => {
    expect(brokenRules([load(0), load(1001)])).toEqual([])
    expect(brokenRules([load(0), load(990)])).toEqual(unfounded)
    expect(brokenRules([load(0), load(1001), load(1050, { process: '2' })])).toEqual(unfounded)
    expect(brokenRules([load(0, { outcome: 'nothing' }), load(301)])).toEqual([])
    expect(brokenRules([load(0, { outcome: 'nothing' }), load(290)])).toEqual(unfounded)
    // Another cache or another id has another entry.
    expect(brokenRules([load(0), load(5, { cache: 'copy' }), load(5, { id: 'b' })])).toEqual([])
  })

  test('is allowed after a removal that may have happened between the two leases', () => {
    expect(brokenRules([load(0), removal(20), load(40)])).toEqual([])
    expect(brokenRules([load(0), removal(20), load(40), load(60)])).toEqual([])
    expect(brokenRules([load(200), removal(20), load(240)])).toEqual(unfounded)
    expect(brokenRules([load(0), removal(50), load(40)])).toEqual(unfounded)
    expect(brokenRules([load(0), removal(20, { caches: ['copy'] }), load(40)])).toEqual(unfounded)
  })

  test('is allowed after a deferred removal, until its process reads the id from Redis', () => {
    const deferred = removal(-2000, { outcome: 'deferred' })
    const read = (more: Partial<Answered> = {}) => answered(-900, -890, { process: '2', ...more })
    expect(brokenRules([deferred, load(0), load(40)])).toEqual([])
    expect(brokenRules([deferred, read(joinedBypass), load(0), load(40)], { faults: [wasAway] })).toEqual([])
    expect(brokenRules([deferred, read(), load(0), load(40)])).toEqual(unfounded)
  })

  test('is allowed once the first load has lost its lease, has failed or was aborted', () => {
    expect(brokenRules([load(0, { end: 3200, outcome: 'nothing' }), load(2950)])).toEqual([])
    expect(brokenRules([load(0, { outcome: 'failed' }), load(11)])).toEqual([])
    expect(brokenRules([load(0, { outcome: 'failed', end: 50 }), load(11)])).toEqual(unfounded)
    expect(brokenRules([load(0, { outcome: 'aborted', end: 50 }), load(51)])).toEqual([])
  })

  test('is allowed after a fault that may have caused it', () => {
    const pair = [load(0), load(40)]
    const span = { start: 15, end: 20 }
    expect(brokenRules(pair, { faults: [{ fault: 'flush', ...span }] })).toEqual([])
    expect(brokenRules(pair, { faults: [{ fault: 'flush', start: 300, end: 301 }] })).toEqual(unfounded)
    expect(brokenRules(pair, { faults: [{ fault: 'evict', key: 'aisle:{a}:text', ...span }] })).toEqual([])
    expect(brokenRules(pair, { faults: [{ fault: 'evict', key: 'aisle:{b}:text', ...span }] })).toEqual(
      unfounded,
    )
    expect(brokenRules(pair, { slowControls: [{ process: '1', control: 'redis', ...span }] })).toEqual([])
    expect(brokenRules(pair, { slowControls: [{ process: '3', control: 'redis', ...span }] })).toEqual(
      unfounded,
    )
    expect(brokenRules(pair, { killed: [{ process: '3', at: 30 }] })).toEqual([])
    expect(brokenRules(pair, { wrongClocks: ['1'] })).toEqual([])
  })

  test('is allowed after an answer "does not exist" that was not stored, until its process reads the id from Redis', () => {
    const unstored = answered(-500, -490, { from: 'database', status: 'hit=false; fwd=uri-miss' })
    const read = (more: Partial<Answered> = {}) => answered(-400, -390, more)
    expect(brokenRules([unstored, load(0), load(40)])).toEqual([])
    expect(brokenRules([unstored, read(), load(0), load(40)])).toEqual(unfounded)
    expect(brokenRules([unstored, read({ process: '2' }), load(0), load(40)])).toEqual([])
    expect(brokenRules([unstored, read(joinedBypass), load(0), load(40)], { faults: [wasAway] })).toEqual([])
    expect(brokenRules([{ ...unstored, version: 3, text: 'x' }, load(0), load(40)])).toEqual(unfounded)
  })

  test('is allowed if it bypasses the cache', () => {
    expect(brokenRules([load(0), bypass(39), load(40)])).toEqual([])
    expect(brokenRules([load(0), bypass(60), load(40)])).toEqual(unfounded)
  })
})

test('an answer must come within its budget, plus the time of a fill and the delay of its process', () => {
  const late = ['late answer']
  expect(brokenRules([answered(0, 600, { budgetMs: 500 })])).toEqual([])
  expect(brokenRules([answered(0, 630, { budgetMs: 500 })])).toEqual(late)
  expect(brokenRules([answered(0, 9000)])).toEqual([])
  const slow = { process: '1', control: 'timer', start: 100, end: 130 } as const
  expect(brokenRules([answered(0, 640, { budgetMs: 500 })], { slowControls: [slow] })).toEqual([])
  expect(brokenRules([answered(0, 660, { budgetMs: 500 })], { slowControls: [slow] })).toEqual(late)
  // A slow Redis excuses no late answer.
  const slowRedis = { ...slow, control: 'redis' } as const
  expect(brokenRules([answered(0, 640, { budgetMs: 500 })], { slowControls: [slowRedis] })).toEqual(late)
})

describe('a get that bypasses the cache', () => {
  const unfounded = ['bypass without a cause']

  test('may do so while Redis may be away', () => {
    const pause = { fault: 'pause', start: 0, end: 500 } as const
    const flush = { ...pause, fault: 'flush' } as const
    expect(brokenRules([bypassing(450, 460, 'redis-timeout')], { faults: [pause] })).toEqual([])
    expect(brokenRules([bypassing(600, 610, 'redis-timeout')], { faults: [pause] })).toEqual(unfounded)
    expect(brokenRules([bypassing(450, 460, 'redis-timeout')])).toEqual(unfounded)
    expect(brokenRules([bypassing(450, 460, 'redis-timeout')], { faults: [flush] })).toEqual(unfounded)
  })

  test('may do so once it has used all its time for Redis', () => {
    const afterMs = (at: number, budgetMs?: number) =>
      brokenRules([
        bypassing(0, at + 20, 'redis-timeout', budgetMs === undefined ? {} : { budgetMs }),
        bypass(at),
      ])
    expect([afterMs(100), afterMs(163)]).toEqual([[], []])
    expect(afterMs(99)).toEqual(unfounded)
    expect([afterMs(12, 24), afterMs(58, 115)]).toEqual([[], []])
    expect([afterMs(5, 24), afterMs(50, 115), afterMs(90, 200)]).toEqual([unfounded, unfounded, unfounded])
    // A timer may fire half a millisecond early.
    expect([afterMs(99.6), afterMs(9.6, 20)]).toEqual([[], []])
    expect(afterMs(9.4, 20)).toEqual(unfounded)
    // A bypass of another process shows nothing about this one.
    const other = { ...bypass(150), process: '2' }
    expect(brokenRules([bypassing(0, 200, 'redis-timeout'), other])).toEqual(unfounded)
    // A get that joined a load of its process has no bypass of its own.
    const joined = (ms: number) =>
      answered(0, ms, { status: 'hit=false; fwd=bypass; collapsed; detail=redis-timeout', budgetMs: 51 })
    expect(brokenRules([joined(43)])).toEqual([])
    expect(brokenRules([joined(20)])).toEqual(unfounded)
  })

  test('may know Redis to be away only while the breaker is open, and shortly after Redis is back', () => {
    const faults = [{ fault: 'pause', start: 0, end: 500 } as const]
    const open = breaker(100, 'open')
    const fallback = bypassing(1400, 1401, 'fallback', { from: 'fallback' })
    expect(brokenRules([open, fallback], { faults })).toEqual([])
    expect(brokenRules([fallback], { faults })).toEqual(unfounded)
    expect(brokenRules([open, breaker(900, 'closed'), fallback], { faults })).toEqual(unfounded)
    expect(brokenRules([open, bypassing(2100, 2101, 'redis-away')], { faults })).toEqual(unfounded)
    expect(brokenRules([open, fallback])).toEqual(unfounded)
  })

  test('may do so after it has waited `waitMs` for another load, or half of its budget', () => {
    expect(brokenRules([bypassing(0, 3600, 'wait-timeout')])).toEqual([])
    expect(brokenRules([bypassing(0, 3000, 'wait-timeout')])).toEqual(unfounded)
    expect(brokenRules([bypassing(0, 500, 'wait-timeout', { budgetMs: 1000 })])).toEqual([])
    expect(brokenRules([bypassing(0, 300, 'wait-timeout', { budgetMs: 1000 })])).toEqual(unfounded)
  })
})

describe('a get without an answer', () => {
  const unfounded = ['failure without a cause']

  test('needs a failed load, or the end of its own budget', () => {
    expect(brokenRules([unanswered(0, 100)])).toEqual(unfounded)
    expect(brokenRules([load(10, { outcome: 'failed' }), unanswered(0, 100)])).toEqual([])
    expect(brokenRules([load(-200, { outcome: 'failed' }), unanswered(0, 100)])).toEqual([])
    expect(brokenRules([load(-600, { outcome: 'failed' }), unanswered(0, 100)])).toEqual(unfounded)
    const otherCache = load(10, { outcome: 'failed', cache: 'copy' })
    expect(brokenRules([otherCache, unanswered(0, 100)])).toEqual(unfounded)
    expect(brokenRules([unanswered(0, 100, { budgetMs: 100 })])).toEqual([])
    expect(brokenRules([unanswered(0, 100, { budgetMs: 200 })])).toEqual(unfounded)
  })

  test('is not excused by an aborted load, unless that load took longer than `loadTimeoutMs`', () => {
    expect(brokenRules([load(0, { outcome: 'aborted', end: 200 }), unanswered(0, 210)])).toEqual(unfounded)
    expect(brokenRules([load(0, { outcome: 'aborted', end: 2501 }), unanswered(0, 2510)])).toEqual([])
    // The waiting caller may have abandoned a load that finished at the same moment.
    expect(brokenRules([load(0, { outcome: 'nothing', end: 2490 }), unanswered(0, 2510)])).toEqual([])
    const history = [load(0, { outcome: 'nothing', end: 2400 }), unanswered(0, 2510)]
    expect(brokenRules(history)).toEqual(unfounded)
    const slow = { process: '1', control: 'timer', start: 100, end: 190 } as const
    expect(brokenRules(history, { slowControls: [slow] })).toEqual([])
  })
})
