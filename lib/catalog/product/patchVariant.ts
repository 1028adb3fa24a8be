import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { InvalidProduct, NoSuchProduct, NoSuchVariant, OutOfStock, WriteConflict } from '../errors.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { type ProductItem, productKey, type Stored, toProduct, writeKey } from '../table/items.ts'
import { type TransactItems, transact } from '../table/transact.ts'
import { demand, type Precondition } from './precondition.ts'
import { largestCount, type Product } from './product.ts'
import { readItem, readStored } from './readProduct.ts'
import type { VariantPatch } from './variantPatch.ts'

const attempts = 10

/** How long a mark is kept, seconds: longer than an answer is under its idempotency key. */
const keptFor = 25 * 3600

export interface VariantWrite {
  precondition?: Precondition
  /** Names the write, so that done again within a day it finds that it has been done: for that it leaves a mark. */
  writeId?: string | undefined
}

/**
 * Changes price and stock of one variant, where it lies in the product's item; the product's stock stays the sum.
 *
 * An addition is judged and done by DynamoDB itself, whatever the product's version: any number of callers take from a
 * stock at once, each is counted once, and none gets what is not there. A count replaces the one that was read.
 *
 * The item's `writeId` stays, so that a writer of the whole product who was interrupted still knows its own success.
 *
 * @returns the product as it is after that, with what others did meanwhile
 * @throws {NoSuchProduct}
 * @throws {NoSuchVariant}
 * @throws {OutOfStock} when the stock would fall below zero
 * @throws {InvalidProduct} when it would rise over the largest count
 * @throws {PreconditionFailed} when the product is not as demanded
 * @throws {WriteConflict} when others wrote the same each time
 */
export async function patchVariant(
  access: TableAccess,
  id: string,
  sku: string,
  patch: VariantPatch,
  { precondition = {}, writeId }: VariantWrite = {},
): Promise<{ value: Product; version: number; created: false }> {
  let [current, done] = await Promise.all([
    readStored(access, id),
    writeId !== undefined && isMarked(access, id, writeId),
  ])
  for (let attempt = 0; !done; attempt++) {
    if (attempt === attempts) throw new WriteConflict(`Others wrote the variant, ${attempts} times in a row`)
    const update = {
      TableName: access.table,
      Key: productKey(id),
      ...change(id, current, sku, patch, precondition),
    }
    const refused = await transact(access, [
      { Update: { ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } },
      ...(writeId === undefined ? [] : [mark(access, id, writeId)]),
    ])
    done = !refused || refused[1]?.Code === 'ConditionalCheckFailed'
    const found = refused?.[0]?.Item
    current = found && (unmarshall(found) as Stored)
  }
  const item = await readItem(access, id)
  if (!item) throw new NoSuchProduct(id)
  return { value: toProduct(item), version: item.version, created: false }
}

/** The update and its condition, for the product as it was last seen. */
function change(
  id: string,
  current: Stored | undefined,
  sku: string,
  { price, stock }: VariantPatch,
  precondition: Precondition,
) {
  if (!current || current.deleted) throw new NoSuchProduct(id)
  demand(precondition, current.version)
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
    Object.assign(values, addition(variant, stock))
  }
  return {
    UpdateExpression: `SET ${set.join(', ')}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeValues: values,
  }
}

/** What is added to a variant's stock, and to which stocks it may be. */
function addition(variant: ProductItem['variants'][number], stock: NonNullable<VariantPatch['stock']>) {
  if (typeof stock === 'number') {
    return { ':add': stock - variant.stock, ':least': variant.stock, ':most': variant.stock }
  }
  const { add } = stock
  if (variant.stock + add < 0) throw new OutOfStock(variant.stock)
  if (variant.stock + add > largestCount) {
    throw new InvalidProduct([{ pointer: '/stock/add', detail: `A stock is at most ${largestCount}` }])
  }
  return { ':add': add, ':least': Math.max(0, -add), ':most': largestCount - Math.max(0, add) }
}

const mark = ({ table }: TableAccess, id: string, writeId: string): TransactItems[number] => ({
  Put: {
    TableName: table,
    Item: { ...writeKey(id, writeId), expiresAt: Math.floor(Date.now() / 1000) + keptFor },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})

async function isMarked(access: TableAccess, id: string, writeId: string): Promise<boolean> {
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: writeKey(id, writeId), ConsistentRead: true }),
    requestOptions(access),
  )
  return Item !== undefined
}
