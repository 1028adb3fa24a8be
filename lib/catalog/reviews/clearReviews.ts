import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Attempt, writing } from '../../clients/dynamodb/index.ts'
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
 * @param attempt clears a batch, and again where it met a transaction on the same items
 * @throws what the SDK throws
 */
export async function clearReviews(
  db: DynamoDBDocumentClient,
  table: string,
  { id, version, writeId, expiresAt }: Tombstone,
  signal?: AbortSignal,
  attempt: Attempt = writing(signal),
): Promise<void> {
  if (expiresAt !== undefined) return
  const options = signal ? { abortSignal: signal } : {}
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
    const failed = await transact(db, [check, ...deletions], { signal, attempt: (request) => request() })
    // Another version: the product has been created again, and before that somebody else did all this.
    return !failed && LastEvaluatedKey !== undefined
  }
  // Who meets another that clears looks again before the next try: by then there may be nothing left to do.
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
