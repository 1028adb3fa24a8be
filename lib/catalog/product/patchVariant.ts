import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { InvalidProduct, NoSuchProduct, NoSuchVariant, OutOfStock, WriteConflict } from '../errors.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { type ProductItem, type Stored, toProduct } from '../table/items.ts'
import { productKey, writeKey } from '../table/keys.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import { maxStock, type Product } from './product.ts'
import { readItem, readStored } from './readProduct.ts'
import type { VariantPatch } from './variantPatch.ts'

const maxAttempts = 10

/** How long the marker of a write stays, in seconds. Longer than a response stays under its idempotency key. */
const markerTtlSeconds = 25 * 3600

export interface VariantWriteOptions {
  /** What the stored product must be like. Otherwise the write throws {@link PreconditionFailed}. */
  precondition?: Precondition
  /** Names the write. The write leaves a marker under this name, so that repeating it within a day changes nothing. */
  writeId?: string | undefined
}

/**
 * Changes the price and stock of one variant inside the product's item. The product's stock stays the sum of the variants'.
 *
 * DynamoDB itself checks and applies an addition to the stock, whatever the product's version. So any number of callers
 * can take from a stock at once: each is counted once, and none gets more than there is. A stock that is set replaces the
 * stock that was read, and conflicts if that has changed.
 *
 * The item's `writeId` stays unchanged, so that an interrupted writer of the whole product still recognises its own
 * success.
 *
 * @returns the product after the write, including what other writers changed meanwhile
 * @throws {NoSuchProduct}
 * @throws {NoSuchVariant}
 * @throws {OutOfStock} if the stock would fall below zero
 * @throws {InvalidProduct} if the stock would rise above {@link maxStock}
 * @throws {PreconditionFailed} if the product does not meet the precondition
 * @throws {WriteConflict} if each of ten attempts conflicted with another writer
 */
export async function patchVariant(
  access: TableAccess,
  id: string,
  sku: string,
  patch: VariantPatch,
  { precondition = {}, writeId }: VariantWriteOptions = {},
): Promise<{ value: Product; version: number; created: false }> {
  let [current, done] = await Promise.all([
    readStored(access, id),
    writeId !== undefined && hasMarker(access, id, writeId),
  ])
  for (let attempt = 0; !done; attempt++) {
    if (attempt === maxAttempts)
      throw new WriteConflict(
        `All ${maxAttempts} attempts to write the variant conflicted with other writers`,
      )
    const update = {
      TableName: access.table,
      Key: productKey(id),
      ...toUpdate(id, current, sku, patch, precondition),
    }
    const refused = await transact(access, [
      { Update: { ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } },
      ...(writeId === undefined ? [] : [toMarkerPut(access, id, writeId)]),
    ])
    done = !refused || refused[1]?.Code === 'ConditionalCheckFailed'
    const found = refused?.[0]?.Item
    current = found && (unmarshall(found) as Stored)
  }
  const item = await readItem(access, id)
  if (!item) throw new NoSuchProduct(id)
  return { value: toProduct(item), version: item.version, created: false }
}

/** Returns the update and its condition, for the product as it was last read. */
function toUpdate(
  id: string,
  current: Stored | undefined,
  sku: string,
  { price, stock }: VariantPatch,
  precondition: Precondition,
) {
  if (!current || current.deleted) throw new NoSuchProduct(id)
  checkPrecondition(precondition, current.version)
  const at = current.variants.findIndex((variant) => variant.sku === sku)
  const variant = current.variants[at]
  if (!variant) throw new NoSuchVariant(id)
  const path = `variants[${at}]`
  const set = ['version = version + :one', 'updatedAt = :now']
  const conditions = [`${path}.sku = :sku`]
  const values: Record<string, unknown> = { ':one': 1, ':now': new Date().toISOString(), ':sku': sku }
  if (precondition.match !== undefined && precondition.match !== 'any') {
    conditions.push('version = :version')
    values[':version'] = current.version
  }
  if (price !== undefined) {
    set.push(`${path}.price = :price`)
    values[':price'] = price
  }
  if (stock !== undefined) {
    set.push(`${path}.stock = ${path}.stock + :add`, 'stock = stock + :add')
    conditions.push(`${path}.stock BETWEEN :least AND :most`)
    Object.assign(values, toAddition(variant, stock))
  }
  return {
    UpdateExpression: `SET ${set.join(', ')}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeValues: values,
  }
}

/** Returns the number to add to a variant's stock, and the range of stocks that it may be added to. */
function toAddition(variant: ProductItem['variants'][number], stock: NonNullable<VariantPatch['stock']>) {
  if (typeof stock === 'number') {
    return { ':add': stock - variant.stock, ':least': variant.stock, ':most': variant.stock }
  }
  const { add } = stock
  if (variant.stock + add < 0) throw new OutOfStock(variant.stock)
  if (variant.stock + add > maxStock) {
    throw new InvalidProduct([{ pointer: '/stock/add', detail: `A stock is at most ${maxStock}` }])
  }
  return { ':add': add, ':least': Math.max(0, -add), ':most': maxStock - Math.max(0, add) }
}

const toMarkerPut = ({ table }: TableAccess, id: string, writeId: string): TransactItems[number] => ({
  Put: {
    TableName: table,
    Item: { ...writeKey(id, writeId), expiresAt: Math.floor(Date.now() / 1000) + markerTtlSeconds },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})

async function hasMarker(access: TableAccess, id: string, writeId: string): Promise<boolean> {
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: writeKey(id, writeId), ConsistentRead: true }),
    requestOptions(access),
  )
  return Item !== undefined
}
