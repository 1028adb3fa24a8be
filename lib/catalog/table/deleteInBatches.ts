import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { requestOptions, retryOf, type TableAccess } from './access.ts'
import { batchSize, type TransactItems, transact } from './transact.ts'

/**
 * Deletes the items that a query finds, batch by batch. If it is interrupted, any process can call it again.
 *
 * Each batch is a transaction that contains a check. BatchWriteItem would cost half as much, but it takes no condition:
 * of two concurrent calls, the slower one would delete what was stored after the faster one was finished.
 *
 * @param check it no longer holds once the items are deleted and others may have been stored. Then nothing more is
 *   deleted
 * @param query the condition of the keys, and the index
 * @throws what the SDK throws
 */
export async function deleteInBatches(
  access: TableAccess,
  check: TransactItems[number],
  query: Pick<QueryCommandInput, 'IndexName' | 'KeyConditionExpression' | 'ExpressionAttributeValues'>,
): Promise<void> {
  const { db, table } = access
  // If another call deleted the same items, query again before retrying: there may be none left to delete.
  const withoutRetry = { ...access, retry: <T>(request: () => Promise<T>) => request() }
  /** Deletes the first batch. @returns whether there may be more */
  const deleteBatch = async (): Promise<boolean> => {
    const { Items = [], LastEvaluatedKey } = await db.send(
      new QueryCommand({
        ...query,
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: 'pk, sk',
        Limit: batchSize,
      }),
      requestOptions(access),
    )
    if (Items.length === 0) return false
    const deletions = Items.map(({ pk, sk }) => ({ Delete: { TableName: table, Key: { pk, sk } } }))
    const refused = await transact(withoutRetry, [check, ...deletions])
    return !refused && LastEvaluatedKey !== undefined
  }
  const retry = retryOf(access)
  while (await retry(deleteBatch)) {}
}
