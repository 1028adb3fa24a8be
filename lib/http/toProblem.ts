import { LoadFailed, Overloaded } from '../cacheAside/index.ts'
import { InvalidProduct, PreconditionFailed, WriteConflict } from '../catalog/errors.ts'
import { isUnavailable } from '../dynamodb.ts'
import { Problem } from './problem.ts'

/** What a caller is told of an error. What is not known here is told as 500, without a word of what it was. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof InvalidProduct) {
    return new Problem(422, 'invalid-product', 'The product has faults: see errors', {
      members: { errors: error.faults },
    })
  }
  if (error instanceof PreconditionFailed) {
    const { currentVersion } = error
    return new Problem(412, 'precondition-failed', error.message, {
      members: currentVersion === undefined ? {} : { currentVersion },
    })
  }
  if (error instanceof WriteConflict) {
    return new Problem(409, 'write-conflict', 'Others keep changing this product: try again')
  }
  if (error instanceof Overloaded || isUnavailable(error instanceof LoadFailed ? error.cause : error)) {
    return new Problem(503, 'database-unavailable', 'The catalog cannot be reached right now: try again', {
      headers: { 'retry-after': '1' },
    })
  }
  return new Problem(500, 'internal-error', 'Something went wrong here')
}
