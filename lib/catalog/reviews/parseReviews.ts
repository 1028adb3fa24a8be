import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { InvalidProduct } from '../errors.ts'
import { validate } from '../validation.ts'
import { ImportedReview, type Review } from './review.ts'
import { bytesOf } from './reviewTree.ts'
import { placeOfReply, placeOfRoot, replyError, rootOf, type ThreadSize } from './thread.ts'

/** The reviews under the name that they have in a row, for the messages. */
const Imported = z.strictObject({ reviews: z.array(ImportedReview) })

/**
 * Checks the reviews that an import brings with a product, and assigns each its place in a thread. A review without an id
 * gets one that is derived from product, author, time and body, so that the same review always has the same id. If such
 * a review occurs twice, the first one counts.
 *
 * @throws {InvalidProduct} with a pointer to each fault; among other faults, a reply must come after the review that it
 *   replies to
 */
export function parseReviews(productId: string, input: unknown): Review[] {
  const parsed = validate(Imported, { reviews: input })
  const reviews = new Map<string, Review>()
  const sizes = new Map<string, ThreadSize>()
  parsed.reviews.forEach((imported, at) => {
    const refuse = (field: string, detail: string): never => {
      throw new InvalidProduct([{ pointer: `/reviews/${at}/${field}`, detail }])
    }
    const id = imported.id ?? deriveId(productId, imported)
    if (reviews.has(id)) {
      if (imported.id) refuse('id', 'Two reviews have the same id')
      return
    }
    const review = { ...imported, id, productId }
    if (review.parentId === undefined) {
      reviews.set(id, { ...review, ...placeOfRoot(review) })
      return
    }
    const parent =
      reviews.get(review.parentId) ??
      refuse('parentId', 'A reply comes after the review it replies to, but no review before it has this id')
    const root = rootOf(parent.thread)
    const size = sizes.get(root) ?? { replies: 0, bytes: 0 }
    const error = replyError(parent, size)
    if (error) refuse('parentId', error)
    const reply = { ...review, ...placeOfReply(parent, review) }
    reviews.set(id, reply)
    sizes.set(root, { replies: size.replies + 1, bytes: size.bytes + bytesOf(reply) })
  })
  return [...reviews.values()]
}

const deriveId = (productId: string, { author, createdAt, body }: z.infer<typeof ImportedReview>): string =>
  createHash('sha256')
    .update(JSON.stringify([productId, author, createdAt, body]))
    .digest('hex')
    .slice(0, 32)
