import { LoadFailed, Overloaded } from '../cacheAside/index.ts'
import {
  IdTaken,
  InvalidCursor,
  InvalidProduct,
  InvalidReview,
  NoSuchProduct,
  NoSuchVariant,
  OutOfStock,
  PreconditionFailed,
  WriteConflict,
} from '../catalog/index.ts'
import { kindOf } from '../clients/dynamodb/index.ts'
import { Problem } from './problem.ts'

/** What a caller is told of an error. What is not known here is told as 500, without a word of what it was. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof InvalidProduct) {
    return new Problem(422, 'invalid-product', 'The product has faults: see errors', {
      members: { errors: error.faults },
    })
  }
  if (error instanceof InvalidReview) {
    return new Problem(422, 'invalid-review', 'The review has faults: see errors', {
      members: { errors: error.faults },
    })
  }
  if (error instanceof InvalidCursor) {
    return new Problem(400, 'invalid-cursor', 'This cursor was not made for this list: begin without one')
  }
  if (error instanceof PreconditionFailed) {
    const { currentVersion } = error
    return new Problem(412, 'precondition-failed', error.message, {
      members: currentVersion === undefined ? {} : { currentVersion },
    })
  }
  if (error instanceof NoSuchProduct) return new Problem(404, 'no-such-product', error.message)
  if (error instanceof NoSuchVariant) return new Problem(404, 'no-such-variant', error.message)
  if (error instanceof IdTaken) return new Problem(409, 'id-taken', error.message)
  if (error instanceof OutOfStock) {
    return new Problem(409, 'out-of-stock', error.message, { members: { stock: error.stock } })
  }
  if (error instanceof WriteConflict) {
    return new Problem(409, 'write-conflict', 'Others keep changing this product: try again')
  }
  // A load may itself have waited for another one. Of one in another process no more is known than that it failed.
  if (error instanceof LoadFailed && error.cause !== undefined) return toProblem(error.cause)
  const again = { headers: { 'retry-after': '1' } }
  const kind = kindOf(error)
  if (kind === 'busy') {
    return new Problem(503, 'product-busy', 'Too many write this product right now: try again', again)
  }
  if (
    error instanceof LoadFailed ||
    error instanceof Overloaded ||
    kind === 'unavailable' ||
    kind === 'away'
  ) {
    return new Problem(
      503,
      'database-unavailable',
      'The catalog cannot be reached right now: try again',
      again,
    )
  }
  return new Problem(500, 'internal-error', 'Something went wrong here')
}
