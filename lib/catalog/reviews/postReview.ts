import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { InvalidReview, NoSuchProduct } from '../errors.ts'
import { readItem } from '../product/readProduct.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { productKey, reviewKey } from '../table/items.ts'
import { query } from '../table/query.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type Review, type ReviewDraft, type ReviewItem, ratingsOf, toReviewItem } from './review.ts'
import { bytesOf, type ReviewThread, toLeaf } from './reviewTree.ts'
import {
  type Fill,
  maxReplies,
  placeOfReply,
  placeOfRoot,
  refusal,
  rootOf,
  type ThreadPlace,
} from './thread.ts'

/**
 * Adds a review, or a reply to one. One transaction stores it and adds it to the product's rating; a reply adds
 * nothing there, but raises the version as well, since the version stands for all that a page shows.
 *
 * The product is added to and not replaced, whatever its version: reviewers do not make each other start again, and a
 * writer of the product that was interrupted still finds its own `writeId`.
 *
 * Access, for a review: one transaction. For a reply first GetItem of what it answers, then Query of the replies in its
 * thread by the local index `byThread`, a read unit for each 4 KB of them; the limits of a thread are judged by that,
 * so that replies at the same moment may exceed them by their own number.
 *
 * @param id the review's own; one that stands there already and says the same is this very review, posted before
 * @throws {NoSuchProduct}
 * @throws {InvalidReview} for a reply to what is not there, lies too deep, or whose thread is full
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
  const [product, stored, answered] = (await transact(access, posting(access, review))) ?? []
  if (stored?.Item) {
    const present = unmarshall(stored.Item) as ReviewItem
    if (says(present, draft)) return toLeaf(present)
    // An id made from an idempotency key, which was used for another review so long ago that it is forgotten.
    return postReview(access, productId, draft, randomUUID())
  }
  if (product?.Code === 'ConditionalCheckFailed') throw new NoSuchProduct(productId)
  if (answered?.Code === 'ConditionalCheckFailed') throw noSuchReview()
  return toLeaf(review)
}

/** The items in the order in which {@link postReview} looks at what was wrong with them. */
function posting({ table }: TableAccess, review: Review): TransactItems {
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
  // The product may have been deleted and made anew since the reply found what it answers.
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

/** The place of what a reply answers, once it is clear that the reply has a place there. */
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
  const fill: Fill = { replies: 0, bytes: 0 }
  for await (const reply of replies) {
    fill.bytes += bytesOf(reply)
    if (++fill.replies === maxReplies) break
  }
  const why = refusal(parent, fill)
  if (why) throw new InvalidReview([{ pointer: '/parentId', detail: why }])
  return parent
}

const noSuchReview = () =>
  new InvalidReview([{ pointer: '/parentId', detail: 'This product has no review with that id' }])

const says = ({ parentId, rating, title, body, author }: ReviewItem, draft: ReviewDraft): boolean =>
  isDeepStrictEqual(
    [parentId, rating, title, body, author],
    [draft.parentId, draft.rating, draft.title, draft.body, draft.author],
  )
