import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { attemptOf, requestOptions, type TableAccess } from '../table/access.ts'
import type { Stored } from '../table/items.ts'

/** What stands at the product's key after a put: what was put, or what is there instead. */
export type Put<T extends Stored> =
  | { written: true; stored: T }
  | { written: false; stored: Stored | undefined }

/**
 * Puts a product's item, or its tombstone, if the stored one still has the version that its writer saw.
 *
 * @param version what the writer saw, a tombstone's as well; undefined: nothing
 */
export async function putIfVersion<T extends Stored>(
  access: TableAccess,
  item: T,
  version: number | undefined,
): Promise<Put<T>> {
  const put = new PutCommand(putOver(access, item, version))
  try {
    await attemptOf(access)(() => access.db.send(put, requestOptions(access)))
    return { written: true, stored: item }
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return judge(item, error.Item)
  }
}

/** The put of {@link putIfVersion}, for a transaction as well. */
export const putOver = ({ table }: TableAccess, item: Stored, version: number | undefined) => ({
  TableName: table,
  Item: item,
  ...(version === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } }),
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
})

/**
 * What a failed condition of {@link putOver} means. A request whose answer was lost is repeated, and the repetition
 * fails on its own first success: the item that stands there is handed back, and its `writeId` tells.
 */
export function judge<T extends Stored>(item: T, found: Record<string, AttributeValue> | undefined): Put<T> {
  const stored = found && (unmarshall(found) as Stored)
  return stored?.writeId === item.writeId
    ? { written: true, stored: stored as T }
    : { written: false, stored }
}
