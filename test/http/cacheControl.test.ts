import { expect, test } from 'vitest'
import { cacheControl } from '../../lib/http/cacheControl.ts'
import { ApiRequest } from '../../lib/http/request.ts'
import { documentAnswer, readAnswer } from '../../lib/http/response.ts'
import { together } from '../../lib/http/together.ts'
import { eventOf } from '../support/http.ts'

const now = 1_000_000_000_000
const rest = (fresh: number, whileAsking: number, onError: number) =>
  `public, max-age=0, s-maxage=${fresh}, stale-while-revalidate=${whileAsking}, stale-if-error=${onError}`

test('what ends is kept by nobody for longer, fresh or stale', () => {
  expect(cacheControl(undefined, now)).toBe(rest(10, 30, 600))
  for (const [leftMs, expected] of [
    [3_600_000, rest(10, 30, 600)],
    [100_000, rest(10, 30, 90)],
    [25_900, rest(10, 15, 15)],
    [10_000, rest(10, 0, 0)],
    [7_999, rest(7, 0, 0)],
    [999, rest(0, 0, 0)],
    [0, rest(0, 0, 0)],
    [-5000, rest(0, 0, 0)],
  ] as const)
    expect(cacheControl(now + leftMs, now), String(leftMs)).toBe(expected)
})

test('what is made of several ends with the first of them', () => {
  const hit = { status: { hit: true } }
  expect(together([hit, { ...hit, until: 3 }, { ...hit, until: 2 }])).toEqual({ ...hit, until: 2 })
  expect(together([hit, hit])).toEqual(hit)
})

test('answers say so, those without a body too', () => {
  const from = { status: { hit: true }, until: Date.now() + 5500 }
  const product = { value: undefined, body: '{}', bytes: 2, version: 7, age: 0, ...from }
  const request = (headers = {}) => new ApiRequest(eventOf({ headers }), undefined)
  for (const [answer, statusCode] of [
    [readAnswer(request(), 'a', product), 200],
    [readAnswer(request({ 'if-none-match': '"p-7"' }), 'a', product), 304],
    [documentAnswer(request(), '{}', from), 200],
  ] as const)
    expect(answer).toMatchObject({ statusCode, headers: { 'cache-control': rest(5, 0, 0) } })
})
