import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb'

type BatchRequest = NonNullable<BatchGetCommandInput['RequestItems']>[string]

/**
 * Reads up to 100 items by their keys, in any order; those that do not exist are left out. What one answer has no room
 * for is asked for again.
 *
 * @typeParam T what the table holds at these keys
 * @throws what the SDK throws, and a `ThrottlingException` for a request that brings nothing at all
 */
export async function batchGet<T>(
  db: DynamoDBDocumentClient,
  table: string,
  request: BatchRequest,
  signal?: AbortSignal,
): Promise<T[]> {
  const items: T[] = []
  let keys = request.Keys ?? []
  while (keys.length > 0) {
    const { Responses, UnprocessedKeys } = await db.send(
      new BatchGetCommand({ RequestItems: { [table]: { ...request, Keys: keys } } }),
      signal ? { abortSignal: signal } : {},
    )
    items.push(...((Responses?.[table] ?? []) as T[]))
    const left = UnprocessedKeys?.[table]?.Keys ?? []
    if (left.length === keys.length)
      throw Object.assign(new Error('No key was processed'), { name: 'ThrottlingException' })
    keys = left
  }
  return items
}
