import { expect, test } from 'vitest'
import { cacheControl } from '../../lib/http/cacheControl.ts'
import { etagOf } from '../../lib/http/conditional.ts'
import { combineProvenance } from '../../lib/http/provenance.ts'
import { ApiRequest } from '../../lib/http/request.ts'
import { documentResponse, productResponse } from '../../lib/http/response.ts'
import { toEvent } from '../support/http.ts'

const now = 1_000_000_000_000
const expectedHeader = (fresh: number, revalidating: number, onError: number) =>
  `public, max-age=0, s-maxage=${fresh}, stale-while-revalidate=${revalidating}, stale-if-error=${onError}`

test('no cache may store a response past the end of its content, fresh or stale', () => {
  expect(cacheControl(undefined, now)).toBe(expectedHeader(10, 30, 600))
  for (const [leftMs, expected] of [
    [3_600_000, expectedHeader(10, 30, 600)],
    [100_000, expectedHeader(10, 30, 90)],
    [25_900, expectedHeader(10, 15, 15)],
    [10_000, expectedHeader(10, 0, 0)],
    [7_999, expectedHeader(7, 0, 0)],
    [999, expectedHeader(0, 0, 0)],
    [0, expectedHeader(0, 0, 0)],
    [-5000, expectedHeader(0, 0, 0)],
  ] as const)
    expect(cacheControl(now + leftMs, now), String(leftMs)).toBe(expected)
})

test('a response that combines several entries ends when the first of them ends', () => {
  const hit = { status: { hit: true } }
  expect(combineProvenance([hit, { ...hit, until: 3 }, { ...hit, until: 2 }])).toEqual({ ...hit, until: 2 })
  expect(combineProvenance([hit, hit])).toEqual(hit)
})

test('every response has this header, including a 304', () => {
  const provenance = { status: { hit: true }, until: Date.now() + 5500 }
  const product = { value: undefined, body: '{}', bytes: 2, version: 7, age: 0, ...provenance }
  const request = (headers = {}) => new ApiRequest(toEvent({ headers }), undefined)
  for (const [response, statusCode] of [
    [productResponse(request(), 'a', product), 200],
    [productResponse(request({ 'if-none-match': etagOf(7) }), 'a', product), 304],
    [documentResponse(request(), '{}', provenance), 200],
  ] as const)
    expect(response).toMatchObject({ statusCode, headers: { 'cache-control': expectedHeader(5, 0, 0) } })
})
