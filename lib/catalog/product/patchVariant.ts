import { unmarshallItem } from '../../clients/dynamodb/index.ts'
import { InvalidProduct, NoSuchProduct, NoSuchVariant, OutOfStock, WriteConflict } from '../errors.ts'
import type { TableAccess } from '../table/access.ts'
import { type ProductItem, type Stored, toProduct } from '../table/items.ts'
import { productKey } from '../table/keys.ts'
import { type KeyedWrite, orEarlierResult, readMark, toMarkPut } from '../table/mark.ts'
import { toStored } from '../table/storedProduct.ts'
import { transact } from '../table/transact.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import { maxStock, type Product } from './product.ts'
import { readableIn, readItem, readStored } from './readProduct.ts'
import type { VariantPatch } from './variantPatch.ts'

const maxAttempts = 10

export interface VariantWriteOptions {
  /** What the stored product must be like. Otherwise the write throws {@link PreconditionFailed}. */
  precondition?: Precondition
  /** Identifies the write, if the caller sent a key. Repeating it changes nothing until it expires. */
  keyed?: KeyedWrite | undefined
}

/**
 * Changes the price and stock of one variant inside the product's item. The product's stock stays the sum of the
 * variants'.
 *
 * DynamoDB itself checks and applies an addition to the stock, whatever the product's version. So any number of callers
 * can take from a stock at once: each is counted once, and none gets more than there is. An absolute stock is
 * set only if the stock has not changed since it was read.
 *
 * The item's `writeId` stays unchanged, so that an interrupted writer of the whole product still recognises its own
 * success.
 *
 * @returns the product as it is after the write, including what other writers changed meanwhile, or since an earlier
 *   attempt did the write
 * @throws {NoSuchProduct}
 * @throws {StoredProductUnreadable} if the stored product cannot be read
 * @throws {NoSuchVariant}
 * @throws {OutOfStock} if the stock would fall below zero
 * @throws {InvalidProduct} if the stock would rise above {@link maxStock}
 * @throws {PreconditionFailed} if the product does not meet the precondition
 * @throws {KeyReused} if the key was used for another write
 * @throws {WriteConflict} if each of ten attempts conflicted with another writer
 */
export async function patchVariant(
  access: TableAccess,
  id: string,
  sku: string,
  patch: VariantPatch,
  options: VariantWriteOptions = {},
): Promise<{ value: Product; version: number; created: false }> {
  const write = () => updateVariant(access, id, sku, patch, options)
  await orEarlierResult(access, options.keyed, write, () => {})
  const item = await readItem(access, id)
  if (!item) throw new NoSuchProduct(id)
  return { value: toProduct(item), version: item.version, created: false }
}

/** Updates the variant, unless an earlier attempt has done so. */
async function updateVariant(
  access: TableAccess,
  id: string,
  sku: string,
  patch: VariantPatch,
  { precondition = {}, keyed }: VariantWriteOptions,
): Promise<void> {
  let current = await readStored(access, id)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const update = {
      TableName: access.table,
      Key: productKey(id),
      ...toUpdate(id, current, sku, patch, precondition),
    }
    const refused = await transact(access, [
      { Update: { ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } },
      ...(keyed ? [toMarkPut(access, keyed, { productId: id })] : []),
    ])
    if (!refused || (await readMark(access, keyed))) return
    const [product] = refused
    // Without an item in the reason, there is no product. If only the mark was refused, the product is as it was read.
    if (product?.Code === 'ConditionalCheckFailed')
      current = product.Item && toStored(unmarshallItem(product.Item))
  }
  throw new WriteConflict(`All ${maxAttempts} attempts to write the variant conflicted with other writers`)
}

/** Returns the update and its condition, for the product as it was last read. */
function toUpdate(
  id: string,
  current: Stored | undefined,
  sku: string,
  { price, stock }: VariantPatch,
  precondition: Precondition,
) {
  const product = readableIn(current)
  if (!product) throw new NoSuchProduct(id)
  const { version, variants } = product
  checkPrecondition(precondition, version)
  const at = variants.findIndex((variant) => variant.sku === sku)
  const variant = variants[at]
  if (!variant) throw new NoSuchVariant(id)
  const path = `variants[${at}]`
  const set = ['version = version + :one', 'updatedAt = :now']
  const conditions = [`${path}.sku = :sku`]
  const values: Record<string, unknown> = { ':one': 1, ':now': new Date().toISOString(), ':sku': sku }
  if (precondition.match !== undefined && precondition.match !== 'any') {
    conditions.push('version = :version')
    values[':version'] = version
  }
  if (price !== undefined) {
    set.push(`${path}.price = :price`)
    values[':price'] = price
  }
  if (stock !== undefined) {
    const addition = toAddition(variant, stock)
    const isMissing = addition[':least'] === 0 ? ` OR attribute_not_exists(${path}.stock)` : ''
    conditions.push(`(${path}.stock BETWEEN :least AND :most${isMissing})`)
    // Another program may leave out both stocks: that of a variant is then 0, that of the product the sum of its
    // variants'.
    set.push(
      `${path}.stock = if_not_exists(${path}.stock, :zero) + :add`,
      'stock = if_not_exists(stock, :sum) + :add',
    )
    const sum = variants.reduce((sum, { stock }) => sum + stock, 0)
    Object.assign(values, addition, { ':zero': 0, ':sum': sum })
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
