import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { attemptOf, requestOptions, type TableAccess } from '../table/access.ts'
import { productKey, reviewKey, type Tombstone } from '../table/items.ts'
import { transact } from '../table/transact.ts'

/** A transaction takes 100 items, and the tombstone is one of them. */
const batchSize = 99

/** How long a tombstone stays after that, seconds: 90 days. */
const keptFor = 90 * 24 * 3600

/**
 * Deletes the reviews of a deleted product, and then lets its tombstone expire. Interrupted anywhere it can be done
 * again, by anyone: it does nothing where it has been done.
 *
 * Each batch is a transaction that checks the tombstone. BatchWriteItem would cost half, but knows no condition: of two
 * who clean up, the slower one would delete reviews of a product that was created meanwhile.
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
  // Whoever meets another cleaner queries again before the next attempt: there may be nothing left to do.
  const once = { ...access, attempt: <T>(request: () => Promise<T>) => request() }
  const check = {
    ConditionCheck: {
      TableName: table,
      Key: productKey(id),
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: { ':version': version },
    },
  }
  /** Deletes those that are found first. @returns whether there may be more */
  const clearSome = async (): Promise<boolean> => {
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
    const failed = await transact(once, [check, ...deletions])
    // Another version: the product has been created again, and before that somebody else did all this.
    return !failed && LastEvaluatedKey !== undefined
  }
  while (await attempt(clearSome)) {}
  const update = new UpdateCommand({
    TableName: table,
    Key: productKey(id),
    UpdateExpression: 'SET expiresAt = :expiresAt',
    ConditionExpression: 'writeId = :writeId',
    ExpressionAttributeValues: {
      ':expiresAt': Math.floor(Date.now() / 1000) + keptFor,
      ':writeId': writeId,
    },
  })
  try {
    await attempt(() => db.send(update, options))
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}
