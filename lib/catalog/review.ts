import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { InvalidProduct } from './errors.ts'
import { isProductId, productIdGrammar } from './id.ts'
import { faultsOf, text } from './product.ts'
import { reviewKey } from './table.ts'

const reviewId = z.string().check(z.refine(isProductId, `A review's id is ${productIdGrammar}`))

const ReviewInput = z
  .strictObject({
    id: z.optional(reviewId),
    parentId: z.optional(reviewId),
    rating: z.optional(z.int().check(z.minimum(1), z.maximum(5))),
    title: z.optional(text(1, 300)),
    body: text(0, 5000, { lines: true }),
    author: text(1, 200),
    createdAt: z.iso.datetime(),
  })
  .check(
    z.refine(({ parentId, rating }) => (parentId === undefined) === (rating !== undefined), {
      path: ['rating'],
      error: 'A review has a rating from 1 to 5, a reply (with parentId) has none',
    }),
  )

/** What a customer says of a product, or a reply to it. A reply has a `parentId` and no `rating`. */
export type Review = z.infer<typeof ReviewInput> & { id: string; productId: string }

/** A review's item. */
export type ReviewItem = Review & ReturnType<typeof reviewKey>

/** The item of a review. */
export const toReviewItem = (review: Review): ReviewItem => ({
  ...reviewKey(review.productId, review.id),
  ...review,
})

/**
 * Checks the reviews that come with a product. One without an id gets one made from product, author, time and body,
 * so that the same review has the same id each time it comes; where it stands twice, the first counts.
 *
 * @throws {InvalidProduct} with a pointer to each fault; a reply must follow the review that it answers
 */
export function parseReviews(productId: string, input: unknown): Review[] {
  const parsed = z.array(ReviewInput).safeParse(input)
  if (!parsed.success)
    throw new InvalidProduct(
      parsed.error.issues
        .flatMap(faultsOf)
        .map(({ pointer, detail }) => ({ pointer: `/reviews${pointer}`, detail })),
    )
  const reviews = new Map<string, Review>()
  parsed.data.forEach((review, at) => {
    const refuse = (field: string, detail: string) => {
      throw new InvalidProduct([{ pointer: `/reviews/${at}/${field}`, detail }])
    }
    const id = review.id ?? derivedId(productId, review)
    if (reviews.has(id)) {
      if (review.id) refuse('id', 'Two reviews have the same id')
      return
    }
    if (review.parentId && !reviews.has(review.parentId))
      refuse('parentId', 'A reply follows the review that it answers, and here is none with that id')
    reviews.set(id, { ...review, id, productId })
  })
  return [...reviews.values()]
}

/** Sum and number of the ratings; replies have none. */
export const ratingsOf = (reviews: Review[]): { ratingSum: number; ratingCount: number } => ({
  ratingSum: reviews.reduce((sum, { rating = 0 }) => sum + rating, 0),
  ratingCount: reviews.filter(({ rating }) => rating !== undefined).length,
})

const derivedId = (productId: string, { author, createdAt, body }: z.infer<typeof ReviewInput>): string =>
  createHash('sha256')
    .update(JSON.stringify([productId, author, createdAt, body]))
    .digest('hex')
    .slice(0, 32)
