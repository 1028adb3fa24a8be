import { PreconditionFailed } from '../errors.ts'

/** What must be true of the stored product for a write to happen. */
export interface Precondition {
  /** The product must exist (`any`), or have one of these versions. */
  match?: number[] | 'any'
  /** The product must not exist. */
  absent?: boolean
}

/**
 * Checks a precondition.
 *
 * @param version the version of the stored product; undefined if there is none. Another program may have stored
 *   something that is not a version; then only `any` matches
 * @throws {PreconditionFailed} if the product does not meet it
 */
export function checkPrecondition({ match, absent }: Precondition, version: unknown): void {
  const matches =
    match === undefined ||
    (version !== undefined && (match === 'any' || match.some((each) => each === version)))
  if (matches && !(absent && version !== undefined)) return
  throw new PreconditionFailed(describeFailure(version, absent), version)
}

/** Says what is stored, and how the writer can go on. */
function describeFailure(version: unknown, absent = false): string {
  if (version === undefined)
    return 'The product does not exist, so no version of it matches. To create it, put it without If-Match'
  const stored = typeof version === 'number' ? `has version ${version}` : 'has a version that cannot be read'
  return absent
    ? `The product exists already and ${stored}. To replace it, put it without If-None-Match`
    : `The product ${stored}, which If-Match does not name. Read the product, repeat the change on what you read, and send its ETag`
}
