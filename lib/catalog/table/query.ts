import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { requestOptions, type TableAccess } from './access.ts'

/**
 * The items that a query finds, request by request: an answer of DynamoDB ends after `Limit` items or 1 MB. The next
 * request is sent when its items are asked for, and not before.
 *
 * @typeParam T what the table holds there
 * @param input without the table's name
 * @param growth the factor from each request's `Limit` to the next one's
 * @throws what the SDK throws
 */
export async function* query<T>(
  access: TableAccess,
  input: Omit<QueryCommandInput, 'TableName'>,
  growth = 1,
): AsyncGenerator<T, void> {
  const { db, table } = access
  const next: QueryCommandInput = { ...input, TableName: table }
  do {
    const { Items = [], LastEvaluatedKey } = await db.send(new QueryCommand(next), requestOptions(access))
    yield* Items as T[]
    next.ExclusiveStartKey = LastEvaluatedKey
    if (next.Limit !== undefined) next.Limit *= growth
  } while (next.ExclusiveStartKey)
}
