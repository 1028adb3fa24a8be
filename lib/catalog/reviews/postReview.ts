import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { InvalidReview, NoSuchProduct } from '../errors.ts'
import { readItem } from '../product/readProduct.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { productKey, reviewKey } from '../table/keys.ts'
import { query } from '../table/query.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type Review, type ReviewDraft, type ReviewItem, ratingsOf, toReviewItem } from './review.ts'
import { bytesOf, type ReviewThread, toLeaf } from './reviewTree.ts'
import {
  maxReplies,
  placeOfReply,
  placeOfRoot,
  replyError,
  rootOf,
  type ThreadPlace,
  type ThreadSize,
} from './thread.ts'

/**
 * Adds a review, or a reply to a review. One transaction stores it and adds it to the product's rating. A reply adds
 * nothing to the rating, but raises the version too, because the version covers everything that a product page shows.
 *
 * The transaction adds to the product and does not replace it, whatever the product's version. So reviewers do not cause
 * each other to retry, and an interrupted writer of the product still finds its own `writeId`.
 *
 * Access: a review takes one transaction. A reply first takes a GetItem of the review that it replies to, and a Query of
 * the thread's replies in the local index `byThread`, one read unit per 4 KB. The limits of a thread are checked against
 * that Query, so replies that are posted at the same moment may exceed a limit by their own number.
 *
 * @param id the id of the new review. If a review with this id and this content exists, it was posted by an earlier
 *   attempt, and is returned
 * @throws {NoSuchProduct}
 * @throws {InvalidReview} for a reply to a review that does not exist or is too deep, or whose thread is full
 */
export async function postReview(
  access: TableAccess,
  productId: string,
  draft: ReviewDraft,
  id: string,
): Promise<ReviewThread> {
  const named = { ...draft, id, productId, createdAt: new Date().toISOString() }
  const parent =
    draft.parentId === undefined ? undefined : await readParent(access, productId, draft.parentId)
  const review = { ...named, ...(parent ? placeOfReply(parent, named) : placeOfRoot(named)) }
  const [product, stored, repliedTo] = (await transact(access, toTransaction(access, review))) ?? []
  if (stored?.Item) {
    const present = unmarshall(stored.Item) as ReviewItem
    if (hasContent(present, draft)) return toLeaf(present)
    // The id is derived from an idempotency key that was used for another review, and has expired since.
    return postReview(access, productId, draft, randomUUID())
  }
  if (product?.Code === 'ConditionalCheckFailed') throw new NoSuchProduct(productId)
  if (repliedTo?.Code === 'ConditionalCheckFailed') throw noSuchReview()
  return toLeaf(review)
}

/** Returns the items of the transaction: the product, the review, and for a reply the review that it replies to. */
function toTransaction({ table }: TableAccess, review: Review): TransactItems {
  const { ratingSum, ratingCount } = ratingsOf([review])
  const items: TransactItems = [
    {
      Update: {
        TableName: table,
        Key: productKey(review.productId),
        UpdateExpression: 'SET version = version + :one ADD ratingSum :sum, ratingCount :count',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(deleted)',
        ExpressionAttributeValues: { ':one': 1, ':sum': ratingSum, ':count': ratingCount },
      },
    },
    {
      Put: {
        TableName: table,
        Item: toReviewItem(review),
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
  ]
  // Since readParent, the product may have been deleted and created again, without the review that is replied to.
  if (review.parentId !== undefined) {
    items.push({
      ConditionCheck: {
        TableName: table,
        Key: reviewKey(review.productId, review.parentId),
        ConditionExpression: 'attribute_exists(pk)',
      },
    })
  }
  return items
}

/**
 * Reads the review that a reply replies to, and checks that its thread takes another reply.
 *
 * @throws {NoSuchProduct}
 * @throws {InvalidReview}
 */
async function readParent(access: TableAccess, productId: string, id: string): Promise<ThreadPlace> {
  const { db, table } = access
  const get = new GetCommand({ TableName: table, Key: reviewKey(productId, id), ConsistentRead: true })
  const { Item } = await db.send(get, requestOptions(access))
  if (!Item) {
    throw (await readItem(access, productId)) ? noSuchReview() : new NoSuchProduct(productId)
  }
  const parent = Item as ReviewItem
  const replies = query<ReviewItem>(access, {
    IndexName: 'byThread',
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(thread, :replies)',
    ExpressionAttributeValues: { ':pk': parent.pk, ':replies': `${rootOf(parent.thread)}#` },
    Limit: maxReplies,
  })
  const size: ThreadSize = { replies: 0, bytes: 0 }
  for await (const reply of replies) {
    size.bytes += bytesOf(reply)
    if (++size.replies === maxReplies) break
  }
  const error = replyError(parent, size)
  if (error) throw new InvalidReview([{ pointer: '/parentId', detail: error }])
  return parent
}

const noSuchReview = () =>
  new InvalidReview([{ pointer: '/parentId', detail: 'This product has no review with that id' }])

const hasContent = ({ parentId, rating, title, body, author }: ReviewItem, draft: ReviewDraft): boolean =>
  isDeepStrictEqual(
    [parentId, rating, title, body, author],
    [draft.parentId, draft.rating, draft.title, draft.body, draft.author],
  )
