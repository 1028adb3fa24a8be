import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { productKey } from '../../lib/catalog/table/keys.ts'

/** Reads all items of a product with a strongly consistent read, ordered by `sk`: the product, then its reviews. */
export async function productItems(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await db.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': productKey(id).pk },
    }),
  )
  return Items
}
