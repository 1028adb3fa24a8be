import { hash } from 'node:crypto'
import type { CacheResult, CacheStatus, Invalidation } from '../cacheAside/index.ts'
import type { Product, ReviewThread } from '../catalog/index.ts'
import type { Written } from '../catalog/writes.ts'
import { cacheControl } from './cacheControl.ts'
import { etagOf, isNoneMatch } from './conditional.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'

/** An answer of the HTTP API (API Gateway's payload format 2.0). */
export interface ApiResponse {
  statusCode: number
  headers: Record<string, string>
  body?: string
}

/** How an answer came about: what the cache did for it, and when what it says ends, if it does. */
export type Provenance = Pick<CacheResult<unknown>, 'status' | 'until'>

/** Answers a read: the stored text as it is, 304 where the caller has it, 404 where there is none. */
export function readAnswer(
  request: ApiRequest,
  id: string,
  { body, version, status, until }: CacheResult<Product>,
): ApiResponse {
  const cacheStatus = cacheStatusOf(status)
  if (body === undefined) throw noSuchProduct(id, status)
  const etag = etagOf(version)
  if (isNoneMatch(request.header('if-none-match'), etag)) {
    const headers = { etag, 'cache-control': cacheControl(until), 'cache-status': cacheStatus }
    return { statusCode: 304, headers }
  }
  // Written out: this is every hit, and a spread copies one by one.
  const headers = {
    'content-type': 'application/json',
    etag,
    'cache-control': cacheControl(until),
    'cache-status': cacheStatus,
  }
  return { statusCode: 200, headers, body }
}

/**
 * Answers with a document that is composed of several items: its tag is a hash of what it says (RFC 9110, 8.8.3).
 *
 * @param body JSON
 * @param headers such as `link`
 */
export function documentAnswer(
  request: ApiRequest,
  body: string,
  { status, until }: Provenance,
  headers: Record<string, string> = {},
): ApiResponse {
  const etag = `"h-${hash('sha256', body, 'base64url').slice(0, 22)}"`
  const all = {
    ...{ etag, 'cache-control': cacheControl(until), 'cache-status': cacheStatusOf(status) },
    ...headers,
  }
  if (isNoneMatch(request.header('if-none-match'), etag)) return { statusCode: 304, headers: all }
  return { statusCode: 200, headers: { 'content-type': 'application/json', ...all }, body }
}

/** Answers a write with the product as it now is, and says whether every cached copy is gone. */
export function writeAnswer(id: string, { value, version, created, invalidation }: Written): ApiResponse {
  return {
    statusCode: created ? 201 : 200,
    headers: {
      'content-type': 'application/json',
      etag: etagOf(version),
      'cache-control': 'no-store',
      'cache-status': writeStatusOf(invalidation),
      ...(created && { location: `/products/${id}` }),
    },
    body: JSON.stringify(value),
  }
}

/** Answers a deletion, and says whether every cached copy is gone. */
export const deletedAnswer = ({ invalidation }: { invalidation: Invalidation }): ApiResponse => ({
  statusCode: 204,
  headers: { 'cache-control': 'no-store', 'cache-status': writeStatusOf(invalidation) },
})

/** Answers with a review that was posted. */
export const reviewAnswer = (
  productId: string,
  { review, invalidation }: { review: ReviewThread; invalidation: Invalidation },
): ApiResponse => ({
  statusCode: 201,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'cache-status': writeStatusOf(invalidation),
    location: `/products/${productId}/reviews#${review.id}`,
  },
  body: JSON.stringify(review),
})

/** Answers whether reads can be answered. */
export const healthAnswer = (health: { status: 'ok' | 'degraded' | 'down' }): ApiResponse => ({
  statusCode: health.status === 'down' ? 503 : 200,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(health.status === 'down' && { 'retry-after': '1' }),
  },
  body: JSON.stringify(health),
})

/** `Cache-Status` of a write. */
const writeStatusOf = (invalidation: Invalidation): string =>
  `aisle; fwd=method; detail=invalidation-${invalidation}`

export const problemAnswer = (problem: Problem): ApiResponse => ({
  statusCode: problem.status,
  headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...problem.headers },
  body: JSON.stringify(problem),
})

/** RFC 9211. */
export function cacheStatusOf({ hit, fwd, stored, collapsed, ttl, detail }: CacheStatus): string {
  let text = hit ? 'aisle; hit' : `aisle; fwd=${fwd}`
  if (stored) text += '; stored'
  if (collapsed) text += '; collapsed'
  if (ttl !== undefined) text += `; ttl=${ttl}`
  if (detail) text += `; detail=${detail}`
  return text
}

/** The answer to a read of what belongs to a product that does not exist, and how that became known. */
export const noSuchProduct = (id: string, status: CacheStatus): Problem =>
  new Problem(404, 'no-such-product', `There is no product ${id}`, {
    headers: { 'cache-status': cacheStatusOf(status) },
  })
