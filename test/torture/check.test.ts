import { expect, test } from 'vitest'
import { check, type Promises } from './check.ts'
import type { Operation } from './history.ts'

const promises: Promises = { fallbackMs: 100, lifeMs: 1000 }

/** Operations on one id, each from `start` to ten milliseconds later, by process 1 where it says nothing else. */
const at = (start: number) => {
  const done = { process: '1', id: 'a', start, end: start + 10 }
  return {
    got: (version: number, more: Partial<Extract<Operation, { type: 'got' }>> = {}): Operation => {
      const text = `text ${version}`
      return {
        ...done,
        type: 'got',
        cache: 'text',
        version,
        text,
        from: 'cache',
        status: 'hit',
        process: '2',
        ...more,
      }
    },
    committed: (version: number): Operation => ({
      ...done,
      type: 'committed',
      version,
      text: `text ${version}`,
    }),
    removed: (more: Partial<Extract<Operation, { type: 'removed' }>> = {}): Operation => ({
      ...done,
      type: 'removed',
      caches: ['text'],
      outcome: 'done',
      ...more,
    }),
  }
}
/** Two writes whose removals were confirmed, and what else there is. */
const afterTwoWrites = (...more: Operation[]) => [
  at(0).committed(1),
  at(15).removed(),
  at(100).committed(2),
  at(115).removed(),
  ...more,
]
const broken = (history: Operation[], more: Partial<Promises> = {}) =>
  check(history, { ...promises, ...more }).map(({ rule }) => rule)

test('a history in which every read is as new as it must be breaks nothing', () => {
  const reads = [
    at(50).got(1),
    at(108).got(1),
    at(120).got(1),
    at(130).got(2),
    at(140).got(2, { from: 'database' }),
  ]
  expect(broken(afterTwoWrites(...reads))).toEqual([])
})

test('G1: from the cache, older than a write that was confirmed before the read began', () => {
  const history = afterTwoWrites(at(130).got(1))
  expect(check(history, promises)).toEqual([
    { rule: 'G1', answer: history[4], floor: 2, because: history[3] },
  ])
  // Whether it began in time is all that counts: this one began before the removal was confirmed.
  expect(broken(afterTwoWrites(at(124).got(1)))).toEqual([])
  // Other ids are none of it.
  expect(broken(afterTwoWrites(at(130).got(0, { id: 'b' })))).toEqual([])
})

test('G1: older than what anybody had committed or read when an invalidation began', () => {
  const seen = [at(0).got(7, { from: 'database' })]
  expect(broken([...seen, at(20).removed(), at(40).got(6)])).toEqual(['G1'])
  expect(broken([...seen, at(5).removed(), at(40).got(6)])).toEqual([])
  expect(broken([...seen, at(20).removed({ version: 5 }), at(40).got(4)])).toEqual(['G1'])
  expect(broken([...seen, at(20).removed({ version: 5 }), at(40).got(6)])).toEqual([])
})

test('a removal binds the caches whose entries it has removed', () => {
  const both = [at(0).committed(1), at(15).removed({ caches: ['text', 'copy'] })]
  expect(broken([...both, at(30).got(0, { cache: 'copy' })])).toEqual(['G1'])
  expect(broken([...both, at(30).got(0, { cache: 'text' })])).toEqual(['G1'])
  const one = [at(0).committed(1), at(15).removed({ caches: ['text'] })]
  expect(broken([...one, at(30).got(0, { cache: 'copy' })])).toEqual([])
  // What the one has read from the database is known to the other.
  expect(
    broken([
      at(0).got(7, { cache: 'text' }),
      at(20).removed({ caches: ['copy'] }),
      at(40).got(6, { cache: 'copy' }),
    ]),
  ).toEqual(['G1'])
})

test('a removal that was deferred binds nobody but its own process (G2), until one is confirmed', () => {
  const deferred = [
    at(0).committed(1),
    at(15).removed(),
    at(100).committed(2),
    at(115).removed({ outcome: 'deferred' }),
  ]
  expect(broken([...deferred, at(130).got(1)])).toEqual([])
  expect(broken([...deferred, at(130).got(0)])).toEqual(['G1'])
  expect(broken([...deferred, at(130).got(1, { process: '1' })])).toEqual(['G2'])
  expect(broken([...deferred, at(140).removed({ process: '3' }), at(160).got(1)])).toEqual(['G1'])
})

test('an answer of the database knows every commit and every answer from before it', () => {
  expect(broken([at(0).committed(1), at(20).got(0, { from: 'database' })])).toEqual(['database'])
  expect(broken([at(0).committed(1), at(5).got(0, { from: 'database' })])).toEqual([])
  expect(broken([at(0).got(3), at(20).got(2, { from: 'database' })])).toEqual(['database'])
})

test('an answer of the own last load knows what was known so long ago as it may be kept', () => {
  expect(broken(afterTwoWrites(at(200).got(1, { from: 'fallback' })))).toEqual([])
  expect(broken(afterTwoWrites(at(211).got(1, { from: 'fallback' })))).toEqual(['fallback'])
})

test('whatever became of the removals, no value outlives the life of an entry', () => {
  const killed = [at(0).committed(1), at(100).committed(2)]
  expect(broken([...killed, at(1100).got(1)])).toEqual([])
  expect(broken([...killed, at(1111).got(1)])).toEqual(['life'])
})

test('where Redis may forget what it has acknowledged, that life is the bound', () => {
  expect(broken(afterTwoWrites(at(130).got(1)), { keepsRemovals: false })).toEqual([])
  expect(broken(afterTwoWrites(at(1111).got(1)), { keepsRemovals: false })).toEqual(['life'])
})

test('a version has the text that was written with it', () => {
  expect(broken(afterTwoWrites(at(130).got(2, { text: 'text 1' })))).toEqual(['text'])
  expect(broken(afterTwoWrites(at(130).got(2, { text: null })))).toEqual(['text'])
})

test('every read has an answer', () => {
  const unanswered: Operation = {
    type: 'unanswered',
    cache: 'text',
    process: '1',
    id: 'a',
    start: 0,
    end: 1,
    error: 'LoadFailed',
  }
  expect(broken([unanswered])).toEqual(['G4'])
})
