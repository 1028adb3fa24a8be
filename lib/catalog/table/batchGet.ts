import { BatchGetCommand, type BatchGetCommandInput } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from './access.ts'

type BatchRequest = NonNullable<BatchGetCommandInput['RequestItems']>[string]

/**
 * Reads up to 100 items by their keys. The items come in any order; items that do not exist are left out. Keys that did
 * not fit into one response are requested again.
 *
 * @typeParam T what the table holds at these keys
 * @throws what the SDK throws, and a `ThrottlingException` if a response contains none of the requested keys
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
    const unprocessed = UnprocessedKeys?.[table]?.Keys ?? []
    if (unprocessed.length === keys.length)
      throw Object.assign(new Error('DynamoDB processed none of the requested keys'), {
        name: 'ThrottlingException',
      })
    keys = unprocessed
  }
  return items
}
