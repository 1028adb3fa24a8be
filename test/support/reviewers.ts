import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { clearThread, deleteReview, type Remover } from '../../lib/catalog/reviews/deleteReview.ts'
import type { TableAccess } from '../../lib/catalog/table/access.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { productItems } from './productItems.ts'

/** The result of the authorizer for the token of a customer. */
export const customer = (subject: string, name = `Customer ${subject}`) => ({
  subject,
  name,
  scope: 'reviews:write',
})

/** The result of the authorizer for the token of a moderator. */
export const moderator = { subject: 'mo', scope: 'reviews:moderate' }

/** Removes a review with its thread, or a reply, as the catalogue does, but removes no cache entry. */
export async function removeReview(access: TableAccess, productId: string, id: string, remover: Remover) {
  const { hidden } = await deleteReview(access, productId, id, remover)
  if (hidden) await clearThread(access, hidden)
}

/** Returns the rating and the version in a product's item, and what its stored reviews add up to. */
export async function ratingAndReviews(db: DynamoDBDocumentClient, table: string, id: string) {
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: productKey(id), ConsistentRead: true }),
  )
  const items = await productItems(db, table, id)
  const ratings = items.flatMap(({ sk, rating }) =>
    String(sk).startsWith('REVIEW#') && typeof rating === 'number' ? [rating] : [],
  )
  return {
    version: Item?.version as number,
    stored: { ratingSum: Item?.ratingSum, ratingCount: Item?.ratingCount },
    counted: { ratingSum: ratings.reduce((sum, rating) => sum + rating, 0), ratingCount: ratings.length },
  }
}
