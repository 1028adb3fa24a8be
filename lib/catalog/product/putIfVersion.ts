import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { attemptOf, requestOptions, type TableAccess } from '../table/access.ts'
import type { Stored } from '../table/items.ts'

/** The result of a conditional put: the item that it wrote, or the item that is stored instead. */
export type PutResult<T extends Stored> =
  | { written: true; stored: T }
  | { written: false; stored: Stored | undefined }

/**
 * Puts a product's item or its tombstone, on condition that the stored version is still the one the writer saw.
 *
 * @param version the version that the writer saw, of a product or of a tombstone; undefined if there was no item
 */
export async function putIfVersion<T extends Stored>(
  access: TableAccess,
  item: T,
  version: number | undefined,
): Promise<PutResult<T>> {
  const put = new PutCommand(toConditionalPut(access, item, version))
  try {
    await attemptOf(access)(() => access.db.send(put, requestOptions(access)))
    return { written: true, stored: item }
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return toPutResult(item, error.Item)
  }
}

/** Returns the input of the put that {@link putIfVersion} sends. A transaction can contain it too. */
export const toConditionalPut = ({ table }: TableAccess, item: Stored, version: number | undefined) => ({
  TableName: table,
  Item: item,
  ...(version === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } }),
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
})

/**
 * Returns the result of a {@link toConditionalPut} whose condition failed. The SDK retries a request whose response was
 * lost, and the retry can fail because the first attempt succeeded. The stored item shows which case it is: it has the
 * writer's own `writeId`.
 *
 * @param found the stored item, as the failed condition returned it
 */
export function toPutResult<T extends Stored>(
  item: T,
  found: Record<string, AttributeValue> | undefined,
): PutResult<T> {
  const stored = found && (unmarshall(found) as Stored)
  return stored?.writeId === item.writeId
    ? { written: true, stored: stored as T }
    : { written: false, stored }
}
