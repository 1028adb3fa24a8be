import { expect, test } from 'vitest'
import { audit } from './audit.ts'
import { type Fault, faults } from './faults.ts'
import type { History, Read, Write } from './history.ts'
import { broken, comparison, judge, type Verdict } from './judge.ts'
import { tableOf } from './table.ts'

const [nothing] = faults as [Fault]
const read = (start: number, more: Partial<Read> = {}): Read => ({
  ...{ start, end: start + 5, sandbox: 0, entries: ['product p0'], versions: {}, cache: 'aisle; hit' },
  ...more,
})
const shows = (version: number) => ({ versions: { p0: version } })
const put = (at: number, version: number, invalidation: 'done' | 'deferred' = 'done'): Write => ({
  ...{ kind: 'put', id: 'p0', mark: `put ${version}`, start: at - 10, end: at, refusals: [] },
  acknowledged: { at, version, invalidation },
})
const none = { afterDone: 0, afterDeferred: 0, fallback: 0, oldFallback: 0, afterLong: 0 }
const untouched = { lost: 0, doubled: 0 }
const judged = (reads: Read[], writes: Write[] = [], more: Partial<History> = {}) =>
  judge({ reads, writes, struck: 1_000, over: 2_000, ...more }, untouched)

test('a read is stale where it shows less than a client had been told before it began', () => {
  const { stale } = judged(
    [read(1_400, shows(1)), read(1_600, shows(1)), read(1_600, shows(2))],
    [put(1_500, 2)],
  )
  expect(stale).toEqual({ ...none, afterDone: 1 })
})

test('after a removal that was deferred it may be, unless an older one was done', () => {
  expect(judged([read(1_600, shows(1))], [put(1_500, 2, 'deferred')]).stale).toMatchObject({
    afterDeferred: 1,
  })
  const both = [put(1_400, 2), put(1_500, 3, 'deferred')]
  expect(judged([read(1_600, shows(1))], both).stale).toMatchObject({ afterDone: 1 })
  expect(judged([read(1_600, shows(2))], both).stale).toMatchObject({ afterDone: 0, afterDeferred: 1 })
})

test('a process that cannot reach Redis may show its own last load for a second', () => {
  const own = (version: number) => ({
    ...shows(version),
    cache: 'aisle; fwd=bypass; collapsed; detail=fallback',
  })
  const { stale } = judged([read(2_400, own(1)), read(2_600, own(1))], [put(1_500, 2)])
  expect(stale).toEqual({ ...none, fallback: 1, oldFallback: 1 })
})

test('a process goes back where it shows less than it has shown before, of the same entry', () => {
  const page = { entries: ['page p0'] }
  expect(judged([read(1_100, shows(2)), read(1_200, shows(1))]).wentBack).toBe(1)
  expect(judged([read(1_100, shows(2)), read(1_102, shows(1))]).wentBack).toBe(0)
  expect(judged([read(1_100, shows(2)), read(1_200, { ...shows(1), sandbox: 1 })]).wentBack).toBe(0)
  expect(judged([read(1_100, { ...shows(2), ...page }), read(1_200, shows(1))]).wentBack).toBe(0)
})

test('reads that failed are counted by when they began, and break a promise where the database was there', () => {
  const failure = '503'
  const verdict = judged([read(1_100, { failure }), read(1_200), read(2_100, { failure })])
  expect(verdict).toMatchObject({ reads: 2, failed: 1, failedShare: 0.5, failedAfter: 1 })
  expect(broken(nothing, verdict)).toEqual(['nothing: 2 reads failed though DynamoDB was there'])
  expect(broken({ ...nothing, isDatabaseAway: true }, verdict)).toEqual([])
})

test('all is clean after the last trouble, counted from the end of the fault', () => {
  const refused = { ...put(1_500, 2), refusals: [{ at: 2_300, why: '503' }] }
  expect(judged([read(1_100, { failure: '503' }), read(2_500)]).cleanAfter).toBe(0)
  expect(judged([read(2_500, { cache: 'aisle; fwd=bypass; detail=redis-away' })]).cleanAfter).toBe(0.505)
  expect(judged([], [refused]).cleanAfter).toBe(0.3)
  expect(judged([], [put(2_400, 2, 'deferred')]).cleanAfter).toBe(0.4)
  expect(judged([read(2_700, shows(1))], [put(2_600, 2)]).cleanAfter).toBe(0.705)
})

const item = (id: string, more: object) => ({ sk: 'PRODUCT', id, version: 1, stock: 10, title: 'x', ...more })
const tableWith = (...items: object[]) => ({ products: items as never[], reviews: [] as never[] })
const lostAndDoubled = (writes: Write[], before: object[], after: object[]) =>
  audit(writes, tableWith(...before), tableWith(...after))

test('a put that was acknowledged is lost where something older stands', () => {
  const [older, newer] = [put(1_500, 2), put(1_700, 3)]
  const standing = (mark: string, version: number) => [item('p0', { title: mark, version })]
  expect(lostAndDoubled([older, newer], [], standing('put 3', 3))).toEqual(untouched)
  expect(lostAndDoubled([older, newer], [], standing('put 2', 2))).toMatchObject({ lost: 1 })
  expect(lostAndDoubled([older, newer], [], standing('put 3', 2))).toMatchObject({ lost: 1 })
  // One that was given up before the newer one began has come over it.
  expect(lostAndDoubled([older, newer], [], standing('put 2', 4))).toMatchObject({ lost: 1 })
  // One whose client still waited when the newer one began may do so.
  expect(lostAndDoubled([{ ...older, end: 1_800 }, newer], [], standing('put 2', 4))).toEqual(untouched)
})

test('a sale is doubled where more has gone than was sold, and lost where less has', () => {
  /** The nth sale takes n + 1 pieces. */
  const sale = (n: number, acknowledged = true): Write => {
    const { acknowledged: told, ...write } = put(1_500, 2)
    return {
      ...write,
      kind: 'stock',
      id: 'p6',
      mark: `run stock ${n}`,
      ...(acknowledged && told && { acknowledged: told }),
    }
  }
  const sold = (writes: Write[], gone: number) =>
    lostAndDoubled(writes, [item('p6', { stock: 10 })], [item('p6', { stock: 10 - gone })])
  expect(sold([sale(0), sale(1)], 3)).toEqual(untouched)
  expect(sold([sale(0), sale(1)], 1)).toEqual({ lost: 1, doubled: 0 })
  expect(sold([sale(0), sale(1)], 5)).toEqual({ lost: 0, doubled: 1 })
  // The one is lost and the other doubled.
  expect(sold([sale(0), sale(1)], 4)).toEqual({ lost: 0, doubled: 1 })
  expect(sold([sale(0), sale(1)], 2)).toEqual({ lost: 1, doubled: 0 })
  expect(sold([sale(0), sale(1, false)], 1)).toEqual(untouched)
  expect(sold([sale(0), sale(1, false)], 3)).toEqual(untouched)
})

test('writes that are refused, and an end that does not come, break a promise too', () => {
  const refused = { ...put(1_500, 2), refusals: [{ at: 1_400, why: '503' }] }
  expect(broken(nothing, judged([read(1_100)], [refused]))).toEqual([
    'nothing: 1 attempts to write failed though DynamoDB was there',
  ])
  const late = judged([read(1_100), read(31_000, shows(1))], [put(1_500, 2, 'deferred')])
  expect(broken(nothing, late)).toEqual([
    'nothing: 1 reads were still stale 10 s after the fault',
    'nothing: 1 time all was not as before for 10 s',
  ])
  const away = { ...nothing, isDatabaseAway: true } as const
  const failure = '503'
  expect(broken(away, judged([read(1_100, { failure }), read(4_000, { failure })]))).toEqual([])
  expect(broken(away, judged([read(1_100), read(6_000, { failure })]))).toEqual([
    'nothing: 1 reads failed though DynamoDB was there',
  ])
  expect(broken(nothing, judged([]))).toEqual(['nothing: 1 time nobody read anything'])
})

test('a list that went past Redis in part may show what a process has loaded itself, for a second', () => {
  const list = { entries: ['listed p0', 'listed p1'], cache: 'aisle; fwd=bypass; detail=redis-timeout' }
  const after = (start: number, invalidation: 'done' | 'deferred') =>
    judged([read(start, { ...shows(1), ...list })], [put(1_500, 2, invalidation)]).stale
  expect(after(2_000, 'done')).toMatchObject({ fallback: 1 })
  expect(after(3_000, 'done')).toMatchObject({ afterDone: 1 })
  expect(after(3_000, 'deferred')).toMatchObject({ afterDeferred: 1 })
})

test('writers who go on while DynamoDB is away may make two points more of the reads fail, and no more', () => {
  const verdict = judged([read(1_100)])
  const shares = (without: number, beside: number) =>
    new Map<Fault, Verdict>(
      faults
        .filter(({ name }) => name.startsWith('DynamoDB is killed'))
        .map((fault) => [fault, { ...verdict, failedShare: fault.writers === 'rest' ? without : beside }]),
    )
  expect(comparison(shares(0.05, 0.07))).toEqual([])
  expect(comparison(shares(0.05, 0.071))).toEqual([
    'DynamoDB is killed: 7.1 % instead of 5.0 % of the reads failed since writers went on',
  ])
})

test('the table has a line for each fault', () => {
  const lines = tableOf(new Map(faults.map((fault) => [fault, judged([read(1_100)])]))).split('\n')
  expect(lines).toHaveLength(2 + faults.length)
  expect(new Set(lines.map((line) => line.length)).size).toBe(1)
})
