import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { productKey } from '../../lib/catalog/table/items.ts'

/** What somebody else does who writes a product just before it is written: its version is another one then. */
export const rivalOf = (db: DynamoDBDocumentClient, table: string, id: string) => () =>
  db.send(
    new UpdateCommand({
      TableName: table,
      Key: productKey(id),
      UpdateExpression: 'SET version = version + :one',
      ExpressionAttributeValues: { ':one': 1 },
    }),
  )
