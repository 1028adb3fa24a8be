import * as z from 'zod/mini'
import { InvalidReview } from '../errors.ts'
import { isProductId, productIdGrammar } from '../product/id.ts'
import { text } from '../product/product.ts'
import { reviewKey } from '../table/keys.ts'
import { check } from '../validation.ts'
import { AuthorName, type Reviewer } from './reviewer.ts'
import type { ThreadPlace } from './thread.ts'

const reviewId = z.string().check(z.refine(isProductId, `A review's id is ${productIdGrammar}`))
const rating = z.optional(z.int().check(z.minimum(1), z.maximum(5)))

/** A review must have a rating, and a reply must not. */
const hasRatingUnlessReply = z.refine<{ parentId?: string | undefined; rating?: number | undefined }>(
  ({ parentId, rating }) => (parentId === undefined) === (rating !== undefined),
  { path: ['rating'], error: 'A review has a rating from 1 to 5; a reply (with parentId) has no rating' },
)

/** What is posted. The catalogue adds the other fields of a {@link Review}. */
export interface ReviewDraft extends Omit<z.infer<typeof ReviewInput>, 'author'> {
  author: string
  /** The subject of the author's token. Undefined if the review is posted in the name of another person. */
  subject?: string | undefined
}
const ReviewInput = z
  .strictObject({
    parentId: z.optional(reviewId),
    rating,
    title: z.optional(text(1, 300)),
    body: text(1, 5000, { lines: true }),
    author: z.optional(AuthorName),
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

/** What the table stores with each review, and no response contains. */
interface ReviewWrite {
  /**
   * The hash of the author's subject: see {@link hashSubject}. Undefined if the review was imported, posted in the name
   * of another person, or stored before the catalogue knew its authors.
   */
  subject?: string | undefined
  /** Names the write that made this item. Undefined for an imported review. */
  writeId?: string | undefined
}

/** A review's item. */
export type ReviewItem = Review &
  ReviewWrite &
  ReturnType<typeof reviewKey> & {
    /**
     * The review's own id. It marks a review that was stored in one transaction with a higher version of its product. A
     * copy made by hand under another id does not count as marked.
     */
    versioned: string
    removed?: never
  }

/**
 * What is left of a removed review: nothing that its author wrote. It hides the thread while its replies are deleted.
 * After that it is deleted too, or it stays without `thread`, so that no import brings the review back.
 */
export interface RemovedReview
  extends Pick<ReviewItem, 'pk' | 'sk' | 'id' | 'productId' | 'createdAt' | 'versioned' | 'subject'> {
  /** Names the removal. */
  writeId: string
  /** When the review was removed. */
  removed: string
  /** Undefined once the replies are deleted. The index `byThread` then does not contain the item. */
  thread?: string
}

/** The item at a review's key. */
export type StoredReview = ReviewItem | RemovedReview

/** Makes the item of a review. Store it only in a transaction that raises the version of its product. */
export const toReviewItem = (review: Review, { subject, writeId }: ReviewWrite = {}): ReviewItem => ({
  ...reviewKey(review.productId, review.id),
  ...review,
  versioned: review.id,
  ...(subject !== undefined && { subject }),
  ...(writeId !== undefined && { writeId }),
})

/** Makes the item that replaces a removed review. It keeps the place, so that the thread is hidden. */
export const toRemoved = (
  {
    pk,
    sk,
    id,
    productId,
    createdAt,
    thread,
    subject,
  }: Pick<ReviewItem, 'pk' | 'sk' | 'id' | 'productId' | 'createdAt' | 'thread' | 'subject'>,
  writeId: string,
): RemovedReview => ({
  ...{ pk, sk, id, productId, createdAt, versioned: id, thread, writeId },
  removed: new Date().toISOString(),
  ...(subject !== undefined && { subject }),
})

/**
 * Checks the review that a reviewer sent.
 *
 * @throws {InvalidReview} with a pointer to each invalid field. Among them is an `author` that the reviewer may not
 *   name
 */
export function parseReview(input: unknown, { user, mayNameAuthors }: Reviewer): ReviewDraft {
  const { data, faults } = check(ReviewInput, input)
  if (faults) throw new InvalidReview(faults)
  const { author, ...draft } = data
  if (author === undefined && user) return { ...draft, author: user.name, subject: user.subject }
  if (author !== undefined && mayNameAuthors) return { ...draft, author }
  const detail =
    author === undefined
      ? 'Send an author, or a token whose claims sub and name name one'
      : 'The author is the name in the token. Leave this field out'
  throw new InvalidReview([{ pointer: '/author', detail }])
}

/** Returns the sum and the number of the ratings. Replies have none. */
export const ratingsOf = (reviews: Pick<Review, 'rating'>[]): { ratingSum: number; ratingCount: number } => ({
  ratingSum: reviews.reduce((sum, { rating = 0 }) => sum + rating, 0),
  ratingCount: reviews.filter(({ rating }) => rating !== undefined).length,
})
