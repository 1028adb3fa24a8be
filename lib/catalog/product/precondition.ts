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
  if (!matches || (absent && version !== undefined)) throw new PreconditionFailed(version)
}
