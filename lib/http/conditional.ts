import type { Precondition } from '../catalog/index.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'

/** The entity tag of a product's JSON (RFC 9110, 8.8.3): its version, strong. */
export const etagOf = (version: number): string => `"p-${version}"`

/** Whether `If-None-Match` names this tag, by weak comparison (RFC 9110, 13.1.2). */
export const isNoneMatch = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || tagsOf(header).includes(etag))

/**
 * What `If-Match` and `If-None-Match: *` demand of the stored product. A tag that is none of ours matches nothing.
 *
 * @throws {Problem} 400 for an `If-None-Match` with tags, which says nothing that a write could be judged by
 */
export function preconditionOf(request: ApiRequest): Precondition {
  const [ifMatch, ifNoneMatch] = [request.header('if-match'), request.header('if-none-match')]
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new Problem(400, 'invalid-precondition', 'A write takes if-none-match: * only')
  }
  return {
    ...(ifNoneMatch !== undefined && { absent: true }),
    ...(ifMatch !== undefined && { match: ifMatch.trim() === '*' ? 'any' : versionsIn(ifMatch) }),
  }
}

/** By strong comparison: a weak tag matches nothing. */
const versionsIn = (header: string): number[] =>
  [...header.matchAll(/(W\/)?"p-(\d{1,16})"/g)]
    .filter(([, weak]) => !weak)
    .map(([, , version]) => Number(version))

const tagsOf = (header: string): string[] => header.match(/"[^"]*"/g) ?? []
