import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { InvalidProduct } from '../errors.ts'
import { faultsOf } from '../product/product.ts'
import { ImportedReview, type Review } from './review.ts'
import { bytesOf } from './reviewTree.ts'
import { type Fill, placeOfReply, placeOfRoot, refusal, rootOf } from './thread.ts'

/**
 * Checks the reviews that come with a product, and finds their places in their threads. One without an id gets one made
 * from product, author, time and body, so that the same review has the same id each time it comes; where it stands
 * twice, the first counts.
 *
 * @throws {InvalidProduct} with a pointer to each fault; a reply must follow the review that it answers
 */
export function parseReviews(productId: string, input: unknown): Review[] {
  const parsed = z.array(ImportedReview).safeParse(input)
  if (!parsed.success)
    throw new InvalidProduct(
      parsed.error.issues
        .flatMap(faultsOf)
        .map(({ pointer, detail }) => ({ pointer: `/reviews${pointer}`, detail })),
    )
  const reviews = new Map<string, Review>()
  const fills = new Map<string, Fill>()
  parsed.data.forEach((imported, at) => {
    const refuse = (field: string, detail: string): never => {
      throw new InvalidProduct([{ pointer: `/reviews/${at}/${field}`, detail }])
    }
    const id = imported.id ?? derivedId(productId, imported)
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
      refuse('parentId', 'A reply follows the review that it answers, and here is none with that id')
    const root = rootOf(parent.thread)
    const fill = fills.get(root) ?? { replies: 0, bytes: 0 }
    const why = refusal(parent, fill)
    if (why) refuse('parentId', why)
    const reply = { ...review, ...placeOfReply(parent, review) }
    reviews.set(id, reply)
    fills.set(root, { replies: fill.replies + 1, bytes: fill.bytes + bytesOf(reply) })
  })
  return [...reviews.values()]
}

const derivedId = (productId: string, { author, createdAt, body }: z.infer<typeof ImportedReview>): string =>
  createHash('sha256')
    .update(JSON.stringify([productId, author, createdAt, body]))
    .digest('hex')
    .slice(0, 32)
