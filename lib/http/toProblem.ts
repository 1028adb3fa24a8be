import { LoadFailed, Overloaded } from '../cacheAside/index.ts'
import {
  IdTaken,
  InvalidCursor,
  InvalidProduct,
  InvalidReview,
  KeyReused,
  NoSuchProduct,
  NoSuchReview,
  NoSuchVariant,
  NotYourReview,
  OutOfStock,
  PreconditionFailed,
  StoredProductUnreadable,
  UnnamedReviewer,
  WriteConflict,
} from '../catalog/index.ts'
import { classifyDatabaseError } from '../clients/dynamodb/index.ts'
import { Problem } from './problem.ts'

/**
 * Converts an error to the problem that the caller gets. An unknown error becomes a 500 that reveals nothing about
 * it.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof InvalidProduct) {
    return new Problem(422, 'invalid-product', 'The product is invalid. See errors', toMembers(error))
  }
  if (error instanceof InvalidReview) {
    return new Problem(422, 'invalid-review', 'The review is invalid. See errors', toMembers(error))
  }
  if (error instanceof InvalidCursor) {
    return new Problem(
      400,
      'invalid-cursor',
      'This cursor is not valid for this list. Start again without a cursor',
    )
  }
  if (error instanceof PreconditionFailed) {
    const { currentVersion } = error
    return new Problem(412, 'precondition-failed', error.message, {
      members: currentVersion === undefined ? {} : { currentVersion },
    })
  }
  if (error instanceof StoredProductUnreadable)
    return new Problem(500, 'stored-product-unreadable', error.message)
  if (error instanceof NoSuchProduct) return new Problem(404, 'no-such-product', error.message)
  if (error instanceof NoSuchVariant) return new Problem(404, 'no-such-variant', error.message)
  if (error instanceof NoSuchReview) return new Problem(404, 'no-such-review', error.message)
  if (error instanceof NotYourReview) return new Problem(403, 'not-your-review', error.message)
  if (error instanceof UnnamedReviewer) return new Problem(403, 'unnamed-reviewer', error.message)
  if (error instanceof IdTaken) return new Problem(409, 'id-taken', error.message)
  if (error instanceof KeyReused) return new Problem(422, 'idempotency-key-reused', error.message)
  if (error instanceof OutOfStock) {
    return new Problem(409, 'out-of-stock', error.message, { members: { stock: error.stock } })
  }
  if (error instanceof WriteConflict) {
    return new Problem(409, 'write-conflict', 'Other writers keep changing this product. Try again')
  }
  // A load may have waited for another load, whose error is the cause. A load in another process passes on no cause.
  if (error instanceof LoadFailed && error.cause !== undefined) return toProblem(error.cause)
  const retryAfter = { headers: { 'retry-after': '1' } }
  const kind = classifyDatabaseError(error)
  if (kind === 'busy') {
    return new Problem(
      503,
      'product-busy',
      'Too many writers are changing this product. Try again',
      retryAfter,
    )
  }
  if (
    error instanceof LoadFailed ||
    error instanceof Overloaded ||
    kind === 'unavailable' ||
    kind === 'no-response'
  ) {
    return new Problem(
      503,
      'database-unavailable',
      'The catalogue is unavailable right now. Try again',
      retryAfter,
    )
  }
  return new Problem(500, 'internal-error', 'The server failed unexpectedly')
}

const toMembers = ({ faults, moreFaults }: InvalidProduct | InvalidReview) => ({
  members: { errors: faults, ...(moreFaults > 0 && { moreErrors: moreFaults }) },
})
