import * as z from 'zod/mini'
import { InvalidReview } from '../errors.ts'
import { isProductId, productIdGrammar } from '../product/id.ts'
import { faultsOf, text } from '../product/product.ts'
import { reviewKey } from '../table/items.ts'
import type { ThreadPlace } from './thread.ts'

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

/** What an import brings. */
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
  .check(rated)

/** What a customer says of a product, or a reply to it. A reply has a `parentId` and no `rating`. */
export type Review = z.infer<typeof ImportedReview> & { id: string; productId: string } & ThreadPlace

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

/** Sum and number of the ratings; replies have none. */
export const ratingsOf = (reviews: Review[]): { ratingSum: number; ratingCount: number } => ({
  ratingSum: reviews.reduce((sum, { rating = 0 }) => sum + rating, 0),
  ratingCount: reviews.filter(({ rating }) => rating !== undefined).length,
})
