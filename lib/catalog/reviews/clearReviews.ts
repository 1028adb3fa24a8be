import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { requestOptions, retryOf, type TableAccess } from '../table/access.ts'
import { deleteInBatches } from '../table/deleteInBatches.ts'
import type { Tombstone } from '../table/items.ts'
import { productKey, reviewItemsPrefix } from '../table/keys.ts'

/** How long a tombstone stays after its reviews are deleted, in seconds: 90 days. */
const tombstoneTtlSeconds = 90 * 24 * 3600

/**
 * Deletes the reviews of a deleted product, with the pointers of their authors, and then lets its tombstone expire. If
 * it is interrupted, any process can call it again. If the reviews are already deleted, it does nothing.
 *
 * Each batch checks the tombstone. Otherwise the slower of two concurrent calls would delete the reviews of a product
 * that was created meanwhile. If the check fails, the product has been created again; the creator first deleted the
 * remaining reviews.
 *
 * @throws what the SDK throws
 */
export async function clearReviews(
  access: TableAccess,
  { id, version, writeId, expiresAt }: Tombstone,
): Promise<void> {
  if (expiresAt !== undefined) return
  const { db, table } = access
  const check = {
    ConditionCheck: {
      TableName: table,
      Key: productKey(id),
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: { ':version': version },
    },
  }
  await deleteInBatches(access, check, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': productKey(id).pk, ':prefix': reviewItemsPrefix },
  })
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
    await retryOf(access)(() => db.send(update, requestOptions(access)))
  } catch (error) {
    // Another item has replaced the tombstone, so there is nothing left to expire.
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}
