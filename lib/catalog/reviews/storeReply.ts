import { randomUUID } from 'node:crypto'
import { InvalidReview } from '../errors.ts'
import type { TableAccess } from '../table/access.ts'
import { reviewKey } from '../table/keys.ts'
import { query } from '../table/query.ts'
import { type ReviewItem, ratingsOf } from './review.ts'
import { bytesOf } from './reviewTree.ts'
import { readStoredReview, throwMissing, toRatingUpdate } from './storedReview.ts'
import { conflict, maxAttempts, type Post, type PostedReview, store, toNewItem, toPut } from './storePost.ts'
import {
  maxReplies,
  placeOfReply,
  replyError,
  rootIdOf,
  rootOf,
  shareError,
  type ThreadSize,
} from './thread.ts'

/** Stores a reply. */
export async function storeReply(access: TableAccess, post: Post, parentId: string): Promise<PostedReview> {
  const { productId, subject } = post
  const named = { id: randomUUID(), createdAt: new Date().toISOString() }
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const parent = await readParent(access, productId, parentId, subject)
    const item = toNewItem(post, named, placeOfReply(parent, named))
    // Since readParent, a review may have been removed, or the product deleted and created again without it.
    const checks = [...new Set([parentId, rootIdOf(parent.thread)])].map((id) => ({
      ConditionCheck: {
        TableName: access.table,
        Key: reviewKey(productId, id),
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(removed)',
      },
    }))
    const rating = toRatingUpdate(access, productId, ratingsOf([item]))
    const { posted, failed } = await store(access, post, item, [rating, ...checks, toPut(access, item)], true)
    if (posted) return posted
    if (checks.some((_, n) => failed[1 + n])) throw noSuchParent()
  }
  throw conflict()
}

/**
 * Reads the review that a reply replies to, and checks that its thread takes another reply.
 *
 * @param subject the hash of the customer's subject. Undefined if the reply is posted in the name of an author
 * @throws {NoSuchProduct}
 * @throws {InvalidReview}
 */
async function readParent(
  access: TableAccess,
  productId: string,
  id: string,
  subject: string | undefined,
): Promise<ReviewItem> {
  const parent = await readStoredReview(access, productId, id)
  if (!parent || parent.removed !== undefined) return throwMissing(access, productId, noSuchParent())
  const replies = query<ReviewItem>(access, {
    IndexName: 'byThread',
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(thread, :replies)',
    ExpressionAttributeValues: { ':pk': parent.pk, ':replies': `${rootOf(parent.thread)}#` },
    Limit: maxReplies,
  })
  const all: ThreadSize = { replies: 0, bytes: 0 }
  const own: ThreadSize = { replies: 0, bytes: 0 }
  for await (const reply of replies) {
    const isOwn = subject !== undefined && reply.subject === subject
    for (const size of isOwn ? [all, own] : [all]) {
      size.bytes += bytesOf(reply)
      size.replies++
    }
    if (all.replies === maxReplies) break
  }
  const error = replyError(parent, all) ?? (subject === undefined ? undefined : shareError(all, own))
  if (error) throw new InvalidReview([{ pointer: '/parentId', detail: error }])
  return parent
}

const noSuchParent = () =>
  new InvalidReview([{ pointer: '/parentId', detail: 'This product has no review with that id' }])
