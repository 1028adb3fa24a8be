import { PreconditionFailed } from '../errors.ts'

/** What must hold of the stored product for a write to happen. */
export interface Precondition {
  /** It must exist (`any`), or have one of these versions. */
  match?: number[] | 'any'
  /** It must not exist. */
  absent?: boolean
}

/**
 * @param version of the stored product; undefined where there is none
 * @throws {PreconditionFailed} when the product is not as demanded
 */
export function demand({ match, absent }: Precondition, version: number | undefined): void {
  const matches =
    match === undefined || (version !== undefined && (match === 'any' || match.includes(version)))
  if (!matches || (absent && version !== undefined)) throw new PreconditionFailed(version)
}
