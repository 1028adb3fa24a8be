import * as z from 'zod/mini'
import { InvalidReview } from '../errors.ts'
import { isProductId, productIdGrammar } from '../product/id.ts'
import { text } from '../product/product.ts'
import { reviewKey } from '../table/keys.ts'
import { toFaults } from '../validation.ts'
import type { ThreadPlace } from './thread.ts'

const reviewId = z.string().check(z.refine(isProductId, `A review's id is ${productIdGrammar}`))
const rating = z.optional(z.int().check(z.minimum(1), z.maximum(5)))

/** A review must have a rating, and a reply must not. */
const hasRatingUnlessReply = z.refine<{ parentId?: string | undefined; rating?: number | undefined }>(
  ({ parentId, rating }) => (parentId === undefined) === (rating !== undefined),
  { path: ['rating'], error: 'A review has a rating from 1 to 5; a reply (with parentId) has no rating' },
)

/** What a customer sends. The catalogue adds the other fields of a {@link Review}. */
export type ReviewDraft = z.infer<typeof ReviewDraft>
const ReviewDraft = z
  .strictObject({
    parentId: z.optional(reviewId),
    rating,
    title: z.optional(text(1, 300)),
    body: text(1, 5000, { lines: true }),
    author: text(1, 200),
  })
  .check(hasRatingUnlessReply)

/** A review as an import brings it. */
export const ImportedReview = z
  .strictObject({
    id: z.optional(reviewId),
    parentId: z.optional(reviewId),
    rating,
    title: z.optional(text(1, 300)),
    body: text(0, 5000, { lines: true }),
    author: text(1, 200),
    createdAt: z.iso.datetime(),
  })
  .check(hasRatingUnlessReply)

/** A customer's review of a product, or a reply to a review. A reply has a `parentId` and no `rating`. */
export type Review = z.infer<typeof ImportedReview> & { id: string; productId: string } & ThreadPlace

/** A review's item. */
export type ReviewItem = Review &
  ReturnType<typeof reviewKey> & {
    /**
     * The review's own id. It marks a review that was stored in one transaction with a higher version of its product. A
     * copy made by hand under another id does not count as marked.
     */
    versioned: string
  }

/** Makes the item of a review. Store it only in a transaction that raises the version of its product. */
export const toReviewItem = (review: Review): ReviewItem => ({
  ...reviewKey(review.productId, review.id),
  ...review,
  versioned: review.id,
})

/**
 * Checks the review that a customer sent.
 *
 * @throws {InvalidReview} with a pointer to each invalid field
 */
export function parseReview(input: unknown): ReviewDraft {
  const parsed = ReviewDraft.safeParse(input)
  if (!parsed.success) throw new InvalidReview(parsed.error.issues.flatMap(toFaults))
  return parsed.data
}

/** Returns the sum and the number of the ratings. Replies have none. */
export const ratingsOf = (reviews: Review[]): { ratingSum: number; ratingCount: number } => ({
  ratingSum: reviews.reduce((sum, { rating = 0 }) => sum + rating, 0),
  ratingCount: reviews.filter(({ rating }) => rating !== undefined).length,
})
