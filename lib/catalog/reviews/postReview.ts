import { randomUUID } from 'node:crypto'
import { InvalidReview, NoSuchProduct, WriteConflict } from '../errors.ts'
import type { TableAccess } from '../table/access.ts'
import { reviewerKey, reviewKey } from '../table/keys.ts'
import { type KeyedWrite, readMark, toMarkPut } from '../table/mark.ts'
import { query } from '../table/query.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { type Review, type ReviewDraft, type ReviewItem, ratingsOf, toReviewItem } from './review.ts'
import { hashSubject } from './reviewer.ts'
import { bytesOf, type ReviewThread, toLeaf } from './reviewTree.ts'
import {
  hasRating,
  type OwnReview,
  readOwnReview,
  readStoredReview,
  refuseUnreadable,
  throwMissing,
  toRatingUpdate,
} from './storedReview.ts'
import {
  maxReplies,
  placeOfReply,
  placeOfRoot,
  replyError,
  rootIdOf,
  rootOf,
  type ThreadSize,
} from './thread.ts'

const maxAttempts = 10

export interface PostedReview {
  review: ReviewThread
  /** False if the review replaced an earlier one of its author. */
  created: boolean
}

/**
 * Adds a review, or a reply to a review. One transaction stores it and adds it to the product's rating. A reply adds
 * nothing to the rating, but raises the version too, because the version covers everything that a product page shows.
 *
 * A customer has one review of a product, and any number of replies. A second review replaces the first one: the rating
 * counts the new stars in place of the old ones. The review keeps its id, its time and its place, so the replies to it
 * stay with it. A pointer item, whose key is made of the customer and the product, names the review. The transaction
 * that stores a first review creates the pointer on condition that there is none, so of two requests at the same moment
 * only one can store a first review. The other one then replaces it. A review without a subject has no pointer.
 *
 * The transaction adds to the product and does not replace it, whatever the product's version. So reviewers do not
 * cause each other to retry, and an interrupted writer of the product still finds its own `writeId`.
 *
 * Requests: every post takes a GetItem of the product, one read unit per 4 KB. A first review then takes one
 * transaction. A replacement takes a refused transaction, two GetItems and a second transaction. A reply takes a
 * GetItem of the review that it replies to, a Query of the thread's replies in the local index `byThread`, one read
 * unit per 4 KB, and a transaction. The limits of a thread are checked against that Query, so replies that are posted
 * at the same moment may exceed a limit by their own number.
 *
 * @param keyed identifies the write, if the caller may repeat it. A repetition returns what the first attempt returned
 * @throws {NoSuchProduct}
 * @throws {StoredProductUnreadable} if the stored product cannot be read
 * @throws {InvalidReview} for a reply to a review that does not exist or is too deep, or whose thread is full
 * @throws {KeyReused} if the caller's key was used for another write
 * @throws {WriteConflict} if each of ten attempts conflicted with other writes of the same customer
 */
export async function postReview(
  access: TableAccess,
  productId: string,
  draft: ReviewDraft,
  keyed?: KeyedWrite,
): Promise<PostedReview> {
  // A reply can be refused because an earlier attempt has succeeded, for example if it filled the thread.
  if (draft.parentId !== undefined) {
    const earlier = await readEarlier(access, productId, draft, keyed)
    if (earlier) return earlier
  }
  await refuseUnreadable(access, productId)
  const subject = draft.subject === undefined ? undefined : hashSubject(productId, draft.subject)
  const id = randomUUID()
  let own: OwnReview | undefined
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const review = await toReview(
      access,
      productId,
      draft,
      own?.item ?? { id, createdAt: new Date().toISOString() },
    )
    const item = toReviewItem(review, { subject, writeId: randomUUID() })
    const created = own?.item === undefined
    const items = [
      ...(created ? toCreation(access, item, own) : toReplacement(access, item, own?.item ?? item)),
      ...(keyed
        ? [toMarkPut(access, keyed, { productId, reviewId: item.id, createdAt: item.createdAt, created })]
        : []),
    ]
    const refused = await transact(access, items)
    if (!refused) return { review: toLeaf(item), created }
    const earlier = await readEarlier(access, productId, draft, keyed)
    if (earlier) return earlier
    const hasFailed = refused.map(({ Code }) => Code === 'ConditionalCheckFailed')
    if (hasFailed[0]) throw new NoSuchProduct(productId)
    if (draft.parentId !== undefined && (hasFailed[2] || hasFailed[3])) throw noSuchParent()
    if (draft.parentId === undefined && subject !== undefined)
      own = await readOwnReview(access, productId, subject)
  }
  throw new WriteConflict(`All ${maxAttempts} attempts to post the review conflicted with other writers`)
}

/** Returns what an earlier attempt of the same write returned. Undefined if there was none. */
async function readEarlier(
  access: TableAccess,
  productId: string,
  draft: ReviewDraft,
  keyed: KeyedWrite | undefined,
): Promise<PostedReview | undefined> {
  const { reviewId, createdAt, created = true } = (await readMark(access, keyed)) ?? {}
  if (reviewId === undefined || createdAt === undefined) return undefined
  // The review may have been replaced or removed since. Its text then was this draft, since the mark is for this draft.
  const review = { ...draft, id: reviewId, productId, createdAt }
  return { review: toLeaf(review), created }
}

/** Makes the review, in its place. */
async function toReview(
  access: TableAccess,
  productId: string,
  { subject: _, ...content }: ReviewDraft,
  at: { id: string; createdAt: string } | ReviewItem,
): Promise<Review> {
  const named = { ...content, id: at.id, productId, createdAt: at.createdAt }
  if ('thread' in at) return { ...named, thread: at.thread, depth: at.depth }
  if (content.parentId === undefined) return { ...named, ...placeOfRoot(named) }
  return { ...named, ...placeOfReply(await readParent(access, productId, content.parentId), named) }
}

/**
 * Returns the items of the transaction that adds a review: the product and the review, and for a customer's own review
 * the pointer. For a reply it is followed by the review that it replies to, and the review that started the thread.
 */
function toCreation(access: TableAccess, item: ReviewItem, own: OwnReview | undefined): TransactItems {
  const { table } = access
  const { productId, parentId, subject } = item
  const items: TransactItems = [
    toRatingUpdate(access, productId, ratingsOf([item])),
    { Put: { TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' } },
  ]
  if (parentId !== undefined) {
    // Since readParent, a review may have been removed, or the product deleted and created again without it.
    const roots = [parentId, rootIdOf(item.thread)]
    for (const id of new Set(roots))
      items.push({
        ConditionCheck: {
          TableName: table,
          Key: reviewKey(productId, id),
          ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(removed)',
        },
      })
  } else if (subject !== undefined) {
    items.push({
      Put: {
        TableName: table,
        Item: { ...reviewerKey(productId, subject), reviewId: item.id },
        // A pointer to a review that was deleted by hand is replaced.
        ...(own?.id === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'reviewId = :old', ExpressionAttributeValues: { ':old': own.id } }),
      },
    })
  }
  return items
}

/** Returns the items of the transaction that replaces a review: the product and the review. */
function toReplacement(access: TableAccess, item: ReviewItem, replaced: ReviewItem): TransactItems {
  const [before, after] = [ratingsOf([replaced]), ratingsOf([item])]
  return [
    toRatingUpdate(access, item.productId, {
      ratingSum: after.ratingSum - before.ratingSum,
      ratingCount: after.ratingCount - before.ratingCount,
    }),
    { Put: { TableName: access.table, Item: item, ...hasRating(replaced) } },
  ]
}

/**
 * Reads the review that a reply replies to, and checks that its thread takes another reply.
 *
 * @throws {NoSuchProduct}
 * @throws {InvalidReview}
 */
async function readParent(access: TableAccess, productId: string, id: string): Promise<ReviewItem> {
  const parent = await readStoredReview(access, productId, id)
  if (!parent || parent.removed !== undefined) return throwMissing(access, productId, noSuchParent())
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

const noSuchParent = () =>
  new InvalidReview([{ pointer: '/parentId', detail: 'This product has no review with that id' }])
