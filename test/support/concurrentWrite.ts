import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { productKey } from '../../lib/catalog/table/keys.ts'

/** Returns a function that increments the version of a product, as a concurrent write does. */
export const concurrentWrite = (db: DynamoDBDocumentClient, table: string, id: string) => () =>
  db.send(
    new UpdateCommand({
      TableName: table,
      Key: productKey(id),
      UpdateExpression: 'SET version = version + :one',
      ExpressionAttributeValues: { ':one': 1 },
    }),
  )
