import { hash } from 'node:crypto'
import type { CacheResult, CacheStatus, Invalidation } from '../cacheAside/index.ts'
import { type ReviewThread, StoredProductUnreadable, unreadableBody } from '../catalog/index.ts'
import type { Written } from '../catalog/writes.ts'
import { cacheControl } from './cacheControl.ts'
import { formatCacheStatus, formatWriteStatus } from './cacheStatus.ts'
import { etagOf, isNoneMatch } from './conditional.ts'
import { Problem } from './problem.ts'
import type { Provenance } from './provenance.ts'
import type { ApiRequest } from './request.ts'

/** A response of the HTTP API (API Gateway's payload format 2.0). */
export interface ApiResponse {
  statusCode: number
  headers: Record<string, string>
  body?: string
}

/**
 * Responds with a product's stored text unchanged, or with 304 if the caller has it.
 *
 * @throws {Problem} and {StoredProductUnreadable}, as {@link requireBody}
 */
export function productResponse(request: ApiRequest, id: string, result: CacheResult<unknown>): ApiResponse {
  const { version, status, until } = result
  const body = requireBody(id, result)
  const cacheStatus = formatCacheStatus(status)
  const etag = etagOf(version)
  if (isNoneMatch(request.header('if-none-match'), etag)) {
    const headers = { etag, 'cache-control': cacheControl(until), 'cache-status': cacheStatus }
    return { statusCode: 304, headers }
  }
  // Written out in full: every hit passes here, and a spread would copy the headers one by one.
  const headers = {
    'content-type': 'application/json',
    etag,
    'cache-control': cacheControl(until),
    'cache-status': cacheStatus,
  }
  return { statusCode: 200, headers, body }
}

/**
 * Responds with a document that is composed of several items. Its tag is a hash of its text (RFC 9110, 8.8.3).
 *
 * @param body JSON
 * @param headers such as `link`
 */
export function documentResponse(
  request: ApiRequest,
  body: string,
  { status, until }: Provenance,
  headers: Record<string, string> = {},
): ApiResponse {
  const etag = `"h-${hash('sha256', body, 'base64url').slice(0, 22)}"`
  const all = {
    ...{ etag, 'cache-control': cacheControl(until), 'cache-status': formatCacheStatus(status) },
    ...headers,
  }
  if (isNoneMatch(request.header('if-none-match'), etag)) return { statusCode: 304, headers: all }
  return { statusCode: 200, headers: { 'content-type': 'application/json', ...all }, body }
}

/** Responds to a write with the product as it is now. `Cache-Status` says whether every cached copy is gone. */
export function writeResponse(id: string, { value, version, created, invalidation }: Written): ApiResponse {
  return {
    statusCode: created ? 201 : 200,
    headers: {
      'content-type': 'application/json',
      etag: etagOf(version),
      'cache-control': 'no-store',
      'cache-status': formatWriteStatus(invalidation),
      ...(created && { location: `/products/${id}` }),
    },
    body: JSON.stringify(value),
  }
}

/** Responds to a deletion. `Cache-Status` says whether every cached copy is gone. */
export const deletedResponse = ({ invalidation }: { invalidation: Invalidation }): ApiResponse => ({
  statusCode: 204,
  headers: { 'cache-control': 'no-store', 'cache-status': formatWriteStatus(invalidation) },
})

/** Responds with a posted review: 201 if it is new, 200 if it replaced an earlier one of its author. */
export const reviewResponse = (
  productId: string,
  { review, created, invalidation }: { review: ReviewThread; created: boolean; invalidation: Invalidation },
): ApiResponse => ({
  statusCode: created ? 201 : 200,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'cache-status': formatWriteStatus(invalidation),
    location: `/products/${productId}/reviews#${review.id}`,
  },
  body: JSON.stringify(review),
})

/** Responds with the health of the service: 503 if reads cannot be served. */
export const healthResponse = (health: { status: 'ok' | 'degraded' | 'down' }): ApiResponse => ({
  statusCode: health.status === 'down' ? 503 : 200,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(health.status === 'down' && { 'retry-after': '1' }),
  },
  body: JSON.stringify(health),
})

export const problemResponse = (problem: Problem): ApiResponse => ({
  statusCode: problem.status,
  headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...problem.headers },
  body: JSON.stringify(problem),
})

/**
 * Returns the text that was read of a product.
 *
 * @throws {Problem} 404 if there is no such product
 * @throws {StoredProductUnreadable} if the stored product cannot be read. A hit pays for one comparison of two lengths
 */
export function requireBody(
  id: string,
  { body, status }: Pick<CacheResult<unknown>, 'body' | 'status'>,
): string {
  if (body === undefined) throw noSuchProduct(id, status)
  if (body === unreadableBody) throw new StoredProductUnreadable()
  return body
}

/** Returns the 404 problem for a product that does not exist. `Cache-Status` says how that was read. */
const noSuchProduct = (id: string, status: CacheStatus): Problem =>
  new Problem(404, 'no-such-product', `There is no product ${id}`, {
    headers: { 'cache-status': formatCacheStatus(status) },
  })
