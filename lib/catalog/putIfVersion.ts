import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { ProductItem } from './table.ts'

/**
 * Puts a product's item if the stored one still has the version that its writer saw.
 *
 * The SDK repeats a request whose answer was lost, and the repetition then fails on its own first success. The failed
 * condition hands back the stored item, whose `writeId` tells.
 *
 * @param version what the writer saw; undefined: no product
 * @returns undefined when it is written, else what stands there instead
 */
export async function putIfVersion(
  db: DynamoDBDocumentClient,
  table: string,
  item: ProductItem,
  version: number | undefined,
  signal?: AbortSignal,
): Promise<{ rival: ProductItem | undefined } | undefined> {
  try {
    await db.send(
      new PutCommand({
        TableName: table,
        Item: item,
        ...(version === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'version = :version',
              ExpressionAttributeValues: { ':version': version },
            }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      signal ? { abortSignal: signal } : {},
    )
    return undefined
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    const rival = error.Item && (unmarshall(error.Item) as ProductItem)
    return rival?.writeId === item.writeId ? undefined : { rival }
  }
}
