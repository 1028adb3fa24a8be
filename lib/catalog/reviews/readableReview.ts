import { isNumber, isText, isTime, type Plain } from '../table/values.ts'
import type { StoredReview } from './review.ts'

/**
 * Whether an item at a review's key can be read. Another program may have written it. A review that cannot be read is
 * left out, as if it did not exist, and with it the replies of its thread.
 */
export function isReadableReview(item: Plain): item is Plain & StoredReview {
  const { id, productId, parentId, rating, title, body, author, createdAt, thread, depth, removed } = item
  if (removed !== undefined) return isText(removed)
  const isMissing = (value: unknown) => value === undefined
  return (
    [id, productId, body, author, thread].every(isText) &&
    isTime(createdAt) &&
    isNumber(depth) &&
    [parentId, title].every((text) => isMissing(text) || isText(text)) &&
    (isMissing(rating) || isNumber(rating))
  )
}
