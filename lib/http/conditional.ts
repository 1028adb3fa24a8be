import { type Precondition, productShape } from '../catalog/index.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'

/** The strong entity tag of a product's JSON (RFC 9110, 8.8.3): its version, and the form of the JSON. */
export const etagOf = (version: number): string => `"p-${version}-${productShape}"`

/** Whether `If-None-Match` matches this whole tag by weak comparison (RFC 9110, 13.1.2). */
export const isNoneMatch = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || parseTags(header).includes(etag))

/**
 * Reads what `If-Match` and `If-None-Match: *` require of the stored product. A tag in `If-Match` matches by its
 * version alone. A tag that this API did not make matches nothing.
 *
 * @throws {Problem} 400 if `If-None-Match` holds tags: they set no condition for a write
 */
export function parsePrecondition(request: ApiRequest): Precondition {
  const [ifMatch, ifNoneMatch] = [request.header('if-match'), request.header('if-none-match')]
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new Problem(400, 'invalid-precondition', 'A write accepts only *, no tags, in if-none-match')
  }
  return {
    ...(ifNoneMatch !== undefined && { absent: true }),
    ...(ifMatch !== undefined && { match: ifMatch.trim() === '*' ? 'any' : parseVersions(ifMatch) }),
  }
}

/**
 * Returns the versions of the tags. A tag may be weak, since CloudFront and nginx make tags weak when they compress. It
 * may name another form of the JSON or none, since its reader may have asked another release. What a writer must not
 * overwrite is the version, and that is compared exactly.
 */
const parseVersions = (header: string): number[] =>
  [...header.matchAll(/"p-(\d{1,16})(?:-[^"]*)?"/g)].map(([, version]) => Number(version))

const parseTags = (header: string): string[] => header.match(/"[^"]*"/g) ?? []
