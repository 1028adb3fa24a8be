import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from './access.ts'

/**
 * Yields the items that a query finds. DynamoDB ends a response after `Limit` items or 1 MB; the next request is sent
 * only when the caller asks for the items after that.
 *
 * @typeParam T what the table holds there
 * @param input without the table's name
 * @throws what the SDK throws
 */
export async function* query<T>(
  access: TableAccess,
  input: Omit<QueryCommandInput, 'TableName'>,
): AsyncGenerator<T, void> {
  const { db, table } = access
  const next: QueryCommandInput = { ...input, TableName: table }
  do {
    const { Items = [], LastEvaluatedKey } = await db.send(new QueryCommand(next), requestOptions(access))
    yield* Items as T[]
    next.ExclusiveStartKey = LastEvaluatedKey
  } while (next.ExclusiveStartKey)
}
