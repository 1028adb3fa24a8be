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
 * @param version the version of the stored product; undefined if there is none
 * @throws {PreconditionFailed} if the product does not meet it
 */
export function checkPrecondition({ match, absent }: Precondition, version: number | undefined): void {
  const matches =
    match === undefined || (version !== undefined && (match === 'any' || match.includes(version)))
  if (!matches || (absent && version !== undefined)) throw new PreconditionFailed(version)
}
