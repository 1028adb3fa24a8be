import { BatchGetCommand, type BatchGetCommandInput } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from './access.ts'

type BatchRequest = NonNullable<BatchGetCommandInput['RequestItems']>[string]

/**
 * Reads up to 100 items by their keys, in any order; those that do not exist are left out. What one answer has no room
 * for is asked for again.
 *
 * @typeParam T what the table holds at these keys
 * @throws what the SDK throws, and a `ThrottlingException` for a request that brings nothing at all
 */
export async function batchGet<T>(access: TableAccess, request: BatchRequest): Promise<T[]> {
  const { db, table } = access
  const items: T[] = []
  let keys = request.Keys ?? []
  while (keys.length > 0) {
    const { Responses, UnprocessedKeys } = await db.send(
      new BatchGetCommand({ RequestItems: { [table]: { ...request, Keys: keys } } }),
      requestOptions(access),
    )
    items.push(...((Responses?.[table] ?? []) as T[]))
    const left = UnprocessedKeys?.[table]?.Keys ?? []
    if (left.length === keys.length)
      throw Object.assign(new Error('No key was processed'), { name: 'ThrottlingException' })
    keys = left
  }
  return items
}
