import type { Review } from './review.ts'
import type { ThreadPlace } from './thread.ts'

/** A review as the catalogue returns it, with the replies to it, oldest first. */
export type ReviewThread = Omit<Review, keyof ThreadPlace> & { replies: ReviewThread[] }

/**
 * Converts a stored review to a {@link ReviewThread} without replies, and leaves out the catalogue's internal fields.
 */
export const toLeaf = ({
  id,
  productId,
  parentId,
  rating,
  title,
  body,
  author,
  createdAt,
}: Omit<Review, keyof ThreadPlace>): ReviewThread => ({
  id,
  productId,
  ...(parentId !== undefined && { parentId }),
  ...(rating !== undefined && { rating }),
  ...(title !== undefined && { title }),
  body,
  author,
  createdAt,
  replies: [],
})

/**
 * Builds the tree of a thread: each reply is added to the review that it replies to. A reply whose parent is missing is
 * added to the root, so that it is not lost.
 *
 * @param leaves the root, then its replies, oldest first
 */
export function toTree(leaves: [ReviewThread, ...ReviewThread[]]): ReviewThread {
  const [root, ...replies] = leaves
  const byId = new Map(leaves.map((leaf) => [leaf.id, leaf]))
  for (const reply of replies) {
    const parent = byId.get(reply.parentId ?? root.id) ?? root
    parent.replies.push(reply)
  }
  return root
}

/** Returns the size of a review in a response, in bytes. */
export const bytesOf = (review: Review): number => Buffer.byteLength(JSON.stringify(toLeaf(review)))
