import { describe, expect, test } from 'vitest'
import { check, type Promises, type Rule } from './check.ts'
import type { Answered, Operation, Removed } from './history.ts'

const promises: Promises = { fallbackMs: 100, lifeMs: 1000 }

/** Operations on the id `a`, each from `start` to ten milliseconds later. Process 2 reads, and process 1 does the rest. */
const at = (start: number) => {
  const operation = { process: '1', id: 'a', start, end: start + 10 }
  return {
    read: (version: number, more: Partial<Answered> = {}): Operation => ({
      ...{ ...operation, process: '2', type: 'answered', cache: 'text', version, text: `text ${version}` },
      ...{ from: 'cache', status: 'hit', ...more },
    }),
    commit: (version: number): Operation => ({
      ...{ ...operation, type: 'committed', version, text: `text ${version}` },
    }),
    removal: (more: Partial<Removed> = {}): Operation => ({
      ...{ ...operation, type: 'removed', caches: ['text'], outcome: 'done', ...more },
    }),
  }
}
/** Returns two writes whose removals were confirmed, and more operations. */
const afterTwoWrites = (...more: Operation[]) => [
  at(0).commit(1),
  at(15).removal(),
  at(100).commit(2),
  at(115).removal(),
  ...more,
]
const brokenRules = (history: Operation[], more: Partial<Promises> = {}): Rule[] =>
  check(history, { ...promises, ...more }).map(({ rule }) => rule)

test('a history in which every read is new enough breaks no rule', () => {
  const reads = [
    at(50).read(1),
    at(108).read(1),
    at(120).read(1),
    at(130).read(2),
    at(140).read(2, { from: 'database' }),
  ]
  expect(brokenRules(afterTwoWrites(...reads))).toEqual([])
})

describe('an answer from the cache', () => {
  test('must be at least as new as each write that was confirmed before the read began', () => {
    const history = afterTwoWrites(at(130).read(1))
    expect(check(history, promises)).toEqual([
      { rule: 'stale after a confirmed removal', answer: history[4], floor: 2, because: history[3] },
    ])
    // This read began before the removal was confirmed, and only that counts.
    expect(brokenRules(afterTwoWrites(at(124).read(1)))).toEqual([])
    // The removal says nothing about other ids.
    expect(brokenRules(afterTwoWrites(at(130).read(0, { id: 'b' })))).toEqual([])
  })

  test('must be at least as new as every commit and read before an invalidation began', () => {
    const known = at(0).read(7, { from: 'database' })
    const stale = ['stale after a confirmed removal']
    expect(brokenRules([known, at(20).removal(), at(40).read(6)])).toEqual(stale)
    expect(brokenRules([known, at(5).removal(), at(40).read(6)])).toEqual([])
    // An invalidation that names a version proves only that version.
    expect(brokenRules([known, at(20).removal({ version: 5 }), at(40).read(4)])).toEqual(stale)
    expect(brokenRules([known, at(20).removal({ version: 5 }), at(40).read(6)])).toEqual([])
  })

  test('may be older than a removal of the entry of another cache', () => {
    const stale = ['stale after a confirmed removal']
    const both = [at(0).commit(1), at(15).removal({ caches: ['text', 'copy'] })]
    expect(brokenRules([...both, at(30).read(0, { cache: 'copy' })])).toEqual(stale)
    expect(brokenRules([...both, at(30).read(0, { cache: 'text' })])).toEqual(stale)
    const one = [at(0).commit(1), at(15).removal({ caches: ['text'] })]
    expect(brokenRules([...one, at(30).read(0, { cache: 'copy' })])).toEqual([])
    // A version that was read through one cache is known to both.
    expect(
      brokenRules([
        at(0).read(7, { cache: 'text' }),
        at(20).removal({ caches: ['copy'] }),
        at(40).read(6, { cache: 'copy' }),
      ]),
    ).toEqual(stale)
  })

  test('may be older than a deferred removal of another process, until a later removal is confirmed', () => {
    const deferred = [
      at(0).commit(1),
      at(15).removal(),
      at(100).commit(2),
      at(115).removal({ outcome: 'deferred' }),
    ]
    expect(brokenRules([...deferred, at(130).read(1)])).toEqual([])
    expect(brokenRules([...deferred, at(130).read(0)])).toEqual(['stale after a confirmed removal'])
    expect(brokenRules([...deferred, at(130).read(1, { process: '1' })])).toEqual([
      'stale after a removal of its own process',
    ])
    expect(brokenRules([...deferred, at(140).removal({ process: '3' }), at(160).read(1)])).toEqual([
      'stale after a confirmed removal',
    ])
  })

  test('must not be older than an entry may live, even if a removal was never sent', () => {
    const killed = [at(0).commit(1), at(100).commit(2)]
    expect(brokenRules([...killed, at(1100).read(1)])).toEqual([])
    expect(brokenRules([...killed, at(1111).read(1)])).toEqual(['older than an entry may live'])
  })

  test('must only not be older than an entry may live if Redis may lose acknowledged removals', () => {
    expect(brokenRules(afterTwoWrites(at(130).read(1)), { keepsRemovals: false })).toEqual([])
    expect(brokenRules(afterTwoWrites(at(1111).read(1)), { keepsRemovals: false })).toEqual([
      'older than an entry may live',
    ])
  })
})

test('an answer from the database must be at least as new as every commit and answer before it', () => {
  const old = ['older than the database']
  expect(brokenRules([at(0).commit(1), at(20).read(0, { from: 'database' })])).toEqual(old)
  expect(brokenRules([at(0).commit(1), at(5).read(0, { from: 'database' })])).toEqual([])
  expect(brokenRules([at(0).read(3), at(20).read(2, { from: 'database' })])).toEqual(old)
})

test('a fallback must be at least as new as the versions that were known `fallbackMs` before', () => {
  expect(brokenRules(afterTwoWrites(at(200).read(1, { from: 'fallback' })))).toEqual([])
  expect(brokenRules(afterTwoWrites(at(211).read(1, { from: 'fallback' })))).toEqual(['stale fallback'])
})

test('an answer must have the text that the commit of its version wrote', () => {
  const wrong = ['text of another version']
  expect(brokenRules(afterTwoWrites(at(130).read(2, { text: 'text 1' })))).toEqual(wrong)
  expect(brokenRules(afterTwoWrites(at(130).read(2, { text: null })))).toEqual(wrong)
})

test('every read must have an answer', () => {
  const unanswered: Operation = {
    ...{ type: 'unanswered', cache: 'text', process: '1', id: 'a', start: 0, end: 1, error: 'LoadFailed' },
  }
  expect(brokenRules([unanswered])).toEqual(['failure without a cause'])
})
