import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { InvalidProduct, InvalidReview } from '../errors.ts'
import { isProductId, productIdGrammar } from '../product/id.ts'
import { faultsOf, text } from '../product/product.ts'
import { reviewKey } from '../table/items.ts'
import { type Fill, type Place, placeOfReply, placeOfRoot, refusal, rootOf } from './thread.ts'
import { toLeaf } from './tree.ts'

const reviewId = z.string().check(z.refine(isProductId, `A review's id is ${productIdGrammar}`))
const rating = z.optional(z.int().check(z.minimum(1), z.maximum(5)))

/** A rating belongs to a review and not to a reply. */
const rated = z.refine<{ parentId?: string | undefined; rating?: number | undefined }>(
  ({ parentId, rating }) => (parentId === undefined) === (rating !== undefined),
  { path: ['rating'], error: 'A review has a rating from 1 to 5, a reply (with parentId) has none' },
)

/** What a customer sends; the rest of a {@link Review} the catalog makes itself. */
export type ReviewDraft = z.infer<typeof ReviewDraft>
const ReviewDraft = z
  .strictObject({
    parentId: z.optional(reviewId),
    rating,
    title: z.optional(text(1, 300)),
    body: text(1, 5000, { lines: true }),
    author: text(1, 200),
  })
  .check(rated)

const ImportedReview = z
  .strictObject({
    id: z.optional(reviewId),
    parentId: z.optional(reviewId),
    rating,
    title: z.optional(text(1, 300)),
    body: text(0, 5000, { lines: true }),
    author: text(1, 200),
    createdAt: z.iso.datetime(),
  })
  .check(rated)

/** What a customer says of a product, or a reply to it. A reply has a `parentId` and no `rating`. */
export type Review = z.infer<typeof ImportedReview> & { id: string; productId: string } & Place

/** A review's item. */
export type ReviewItem = Review &
  ReturnType<typeof reviewKey> & {
    /**
     * That the transaction which stored this review has raised the product's version: its own id, so that a copy made by
     * hand does not say so of itself.
     */
    versioned: string
  }

/** The item of a review, to be stored together with a higher version of its product. */
export const toReviewItem = (review: Review): ReviewItem => ({
  ...reviewKey(review.productId, review.id),
  ...review,
  versioned: review.id,
})

/**
 * Checks what a customer sent.
 *
 * @throws {InvalidReview} with a pointer to each offending field
 */
export function parseReview(input: unknown): ReviewDraft {
  const parsed = ReviewDraft.safeParse(input)
  if (!parsed.success) throw new InvalidReview(parsed.error.issues.flatMap(faultsOf))
  return parsed.data
}

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

/** What a review takes of an answer. */
export const bytesOf = (review: Review): number => Buffer.byteLength(JSON.stringify(toLeaf(review)))

/** Sum and number of the ratings; replies have none. */
export const ratingsOf = (reviews: Review[]): { ratingSum: number; ratingCount: number } => ({
  ratingSum: reviews.reduce((sum, { rating = 0 }) => sum + rating, 0),
  ratingCount: reviews.filter(({ rating }) => rating !== undefined).length,
})

const derivedId = (productId: string, { author, createdAt, body }: z.infer<typeof ImportedReview>): string =>
  createHash('sha256')
    .update(JSON.stringify([productId, author, createdAt, body]))
    .digest('hex')
    .slice(0, 32)
