import type { Review } from './review.ts'
import type { ThreadPlace } from './thread.ts'

/** A review as it is read, with the replies to it, the oldest first. */
export type ReviewThread = Omit<Review, keyof ThreadPlace> & { replies: ReviewThread[] }

/** A review without replies. What the catalog keeps for itself stays behind. */
export const toLeaf = ({
  id,
  productId,
  parentId,
  rating,
  title,
  body,
  author,
  createdAt,
}: Review): ReviewThread => ({
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
 * Makes the tree of a thread: each reply below what it answers. One whose parent is not there stands below the first
 * review, so that it is not lost.
 *
 * @param leaves the first review, then its replies, the oldest first
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

/** What a review takes of an answer. */
export const bytesOf = (review: Review): number => Buffer.byteLength(JSON.stringify(toLeaf(review)))
