import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { attemptOf, requestOptions, type TableAccess } from '../table/access.ts'
import type { Tombstone } from '../table/items.ts'
import { productKey, reviewKey } from '../table/keys.ts'
import { transact } from '../table/transact.ts'

/** The number of reviews in one transaction, which takes 100 items: these and the tombstone. */
const batchSize = 99

/** How long a tombstone stays after its reviews are deleted, in seconds: 90 days. */
const tombstoneTtlSeconds = 90 * 24 * 3600

/**
 * Deletes the reviews of a deleted product, and then lets its tombstone expire. If it is interrupted, any process can call
 * it again. If the reviews are already deleted, it does nothing.
 *
 * Each batch is a transaction that checks the tombstone. BatchWriteItem would cost half as much, but it takes no
 * condition: of two concurrent calls, the slower one would delete the reviews of a product that was created meanwhile.
 *
 * @throws what the SDK throws
 */
export async function clearReviews(
  access: TableAccess,
  { id, version, writeId, expiresAt }: Tombstone,
): Promise<void> {
  if (expiresAt !== undefined) return
  const { db, table } = access
  const options = requestOptions(access)
  const attempt = attemptOf(access)
  // If another call deleted the same reviews, query again before retrying: there may be none left to delete.
  const withoutRetry = { ...access, attempt: <T>(request: () => Promise<T>) => request() }
  const check = {
    ConditionCheck: {
      TableName: table,
      Key: productKey(id),
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: { ':version': version },
    },
  }
  /** Deletes the first batch of reviews. @returns whether there may be more */
  const clearBatch = async (): Promise<boolean> => {
    const query = new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :review)',
      ExpressionAttributeValues: { ':pk': productKey(id).pk, ':review': reviewKey(id, '').sk },
      ProjectionExpression: 'pk, sk',
      Limit: batchSize,
    })
    const { Items = [], LastEvaluatedKey } = await db.send(query, options)
    if (Items.length === 0) return false
    const deletions = Items.map(({ pk, sk }) => ({ Delete: { TableName: table, Key: { pk, sk } } }))
    const refused = await transact(withoutRetry, [check, ...deletions])
    // If the check failed, the product has been created again; the creator first deleted the remaining reviews.
    return !refused && LastEvaluatedKey !== undefined
  }
  while (await attempt(clearBatch)) {}
  const update = new UpdateCommand({
    TableName: table,
    Key: productKey(id),
    UpdateExpression: 'SET expiresAt = :expiresAt',
    ConditionExpression: 'writeId = :writeId',
    ExpressionAttributeValues: {
      ':expiresAt': Math.floor(Date.now() / 1000) + tombstoneTtlSeconds,
      ':writeId': writeId,
    },
  })
  try {
    await attempt(() => db.send(update, options))
  } catch (error) {
    // Another item has replaced the tombstone, so there is nothing left to expire.
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}
