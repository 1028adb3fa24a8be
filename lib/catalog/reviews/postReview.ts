import { randomUUID } from 'node:crypto'
import { readItem } from '../product/readProduct.ts'
import type { TableAccess } from '../table/access.ts'
import { reviewerKey } from '../table/keys.ts'
import { type KeyedWrite, orEarlierResult } from '../table/mark.ts'
import type { TransactItems } from '../table/transact.ts'
import { type ReviewDraft, type ReviewItem, ratingsOf } from './review.ts'
import { hashSubject } from './reviewer.ts'
import {
  countedRating,
  hasContribution,
  type KnownReview,
  type OwnReview,
  readOwnReview,
  toRatingUpdate,
} from './storedReview.ts'
import {
  conflict,
  maxAttempts,
  type Post,
  type PostedReview,
  store,
  toNewItem,
  toPosted,
  toPut,
} from './storePost.ts'
import { storeReply } from './storeReply.ts'
import { placeOfRoot } from './thread.ts'

/**
 * Adds a review, or a reply to a review. One transaction stores it and adds it to the product's rating. A reply adds
 * nothing to the rating, but raises the version too, because the version covers everything that a product page shows.
 *
 * A customer has one review of a product, and a share of each thread for replies. A second review replaces the first
 * one: the rating counts the new stars in place of the old ones. The review keeps its id, its time and its place, so the
 * replies to it stay with it. A pointer item, whose key is made of the customer and the product, names the review. The transaction
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
 * @throws {InvalidReview} for a reply to a review that does not exist or is too deep, or whose thread is full or holds as
 *   much of this customer as it takes
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
  return orEarlierResult(
    access,
    keyed,
    async () => {
      // The rating is changed by an addition, whose condition cannot check the whole item. An unreadable one is refused.
      await readItem(access, productId)
      const subject = draft.subject === undefined ? undefined : hashSubject(productId, draft.subject)
      const post = { productId, draft, subject, keyed }
      return draft.parentId === undefined
        ? storeReview(access, post)
        : storeReply(access, post, draft.parentId)
    },
    (made) => toPosted(productId, draft, made),
  )
}

/** Stores a review that starts a thread, or replaces the customer's own. */
async function storeReview(access: TableAccess, post: Post): Promise<PostedReview> {
  const { productId, subject } = post
  const fresh = { id: randomUUID(), createdAt: new Date().toISOString() }
  let own: OwnReview | undefined
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const replaced = own?.item
    const { id, createdAt } = replaced ?? fresh
    const place = replaced ? { thread: replaced.thread, depth: 0 } : placeOfRoot(fresh)
    const item = toNewItem(post, { id, createdAt }, place)
    const items = replaced
      ? toReplacement(access, item, replaced)
      : [toRatingUpdate(access, productId, ratingsOf([item])), ...toFirstReview(access, item, own)]
    const { posted } = await store(access, post, item, items, replaced === undefined)
    if (posted) return posted
    if (subject !== undefined) own = await readOwnReview(access, productId, subject)
  }
  throw conflict()
}

/** Returns the puts of a new review, and of the pointer to a customer's own review. */
function toFirstReview(access: TableAccess, item: ReviewItem, own: OwnReview | undefined): TransactItems {
  const { productId, subject } = item
  if (subject === undefined) return [toPut(access, item)]
  const pointer = {
    TableName: access.table,
    Item: { ...reviewerKey(productId, subject), reviewId: item.id },
    // A pointer to a review that was deleted by hand is replaced.
    ...(own?.id === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'reviewId = :old', ExpressionAttributeValues: { ':old': own.id } }),
  }
  return [toPut(access, item), { Put: pointer }]
}

/** Returns the items of the transaction that replaces a review: the product and the review. */
function toReplacement(access: TableAccess, item: ReviewItem, replaced: KnownReview): TransactItems {
  const [before, after] = [countedRating(replaced), ratingsOf([item])]
  return [
    toRatingUpdate(access, item.productId, {
      ratingSum: after.ratingSum - before.ratingSum,
      ratingCount: after.ratingCount - before.ratingCount,
    }),
    { Put: { TableName: access.table, Item: item, ...hasContribution(replaced) } },
  ]
}
