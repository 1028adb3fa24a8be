import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshallItem } from '../../clients/dynamodb/index.ts'
import { requestOptions, retryOf, type TableAccess } from '../table/access.ts'
import {
  missingVersion,
  OpaqueVersion,
  type ProductItem,
  type Stored,
  type Tombstone,
} from '../table/items.ts'
import { toStored } from '../table/storedProduct.ts'

/** What the catalogue writes at a product's key. */
type Written = ProductItem | Tombstone

/** The result of a conditional put: the item that it wrote, or the item that is stored instead. */
export type PutResult<T extends Written> =
  | { written: true; stored: T }
  | { written: false; stored: Stored | undefined }

/**
 * Puts a product's item or its tombstone, on condition that the stored version is still the one the writer saw.
 *
 * @param version the version that the writer saw, as it is stored: of a product, of a tombstone or of an item that
 *   cannot be read; undefined if there was no item
 */
export async function putIfVersion<T extends Written>(
  access: TableAccess,
  item: T,
  version: unknown,
): Promise<PutResult<T>> {
  const put = new PutCommand(toConditionalPut(access, item, version))
  try {
    await retryOf(access)(() => access.db.send(put, requestOptions(access)))
    return { written: true, stored: item }
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return toPutResult(item, error.Item)
  }
}

/** Returns the input of the put that {@link putIfVersion} sends. A transaction can contain it too. */
export const toConditionalPut = ({ table }: TableAccess, item: Written, version: unknown) => ({
  TableName: table,
  Item: item,
  ...toCondition(version),
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
})

function toCondition(version: unknown) {
  if (version === undefined) return { ConditionExpression: 'attribute_not_exists(pk)' }
  if (version === missingVersion)
    return { ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(version)' }
  if (!(version instanceof OpaqueVersion))
    return { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } }
  const { writeId } = version
  const isOfOtherType = 'attribute_exists(version) AND NOT attribute_type(version, :number)'
  return typeof writeId === 'string'
    ? {
        ConditionExpression: `${isOfOtherType} AND writeId = :writeId`,
        ExpressionAttributeValues: { ':number': 'N', ':writeId': writeId },
      }
    : { ConditionExpression: isOfOtherType, ExpressionAttributeValues: { ':number': 'N' } }
}

/**
 * Returns the result of a {@link toConditionalPut} whose condition failed. The SDK retries a request whose response was
 * lost, and the retry can fail because the first attempt succeeded. The stored item shows which case it is: it has the
 * writer's own `writeId`.
 *
 * @param found the stored item, as the failed condition returned it
 */
export function toPutResult<T extends Written>(
  item: T,
  found: Record<string, AttributeValue> | undefined,
): PutResult<T> {
  const stored = found && toStored(unmarshallItem(found))
  if (stored?.writeId !== item.writeId) return { written: false, stored }
  // If another program has changed the written item since, so that it cannot be read, the write still succeeded.
  return { written: true, stored: stored.unreadable ? item : (stored as T) }
}
