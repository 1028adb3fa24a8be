import { randomUUID } from 'node:crypto'
import { IdTaken, NoSuchProduct } from '../errors.ts'
import { clearReviews } from '../reviews/clearReviews.ts'
import type { TableAccess } from '../table/access.ts'
import { type ProductItem, toProduct, toReplacement } from '../table/items.ts'
import { type KeyedWrite, type Made, readMark, toMarkPut } from '../table/mark.ts'
import { transact } from '../table/transact.ts'
import { mendTombstone } from './mendTombstone.ts'
import type { Product, ProductContent } from './product.ts'
import { type PutResult, putIfVersion, toConditionalPut, toPutResult } from './putIfVersion.ts'
import { readItem } from './readProduct.ts'
import { retryOnConflict } from './retryOnConflict.ts'

/**
 * Creates a product.
 *
 * With a key, one transaction stores the product and the write's mark. A repetition finds the mark and returns the
 * product that the first attempt created, under whatever id that has. It recognises the product even if it was edited
 * since.
 *
 * A tombstone that cannot be read is replaced too. A product that cannot be read keeps its id.
 *
 * Requests: without a key one put, with a key one transaction of two puts. Only a refused transaction reads the mark.
 *
 * @returns the product as it is now
 * @throws {IdTaken} if another product has this id
 * @throws {NoSuchProduct} if an earlier attempt created the product, and it was deleted since
 * @throws {KeyReused} if the key was used for another write
 * @throws {WriteConflict} if others created or deleted the product during each of five attempts
 */
export async function createProduct(
  access: TableAccess,
  id: string,
  content: ProductContent,
  keyed?: KeyedWrite,
): Promise<{ value: Product; version: number; created: true }> {
  const writeId = randomUUID()
  const toResult = (item: ProductItem) =>
    ({ done: { value: toProduct(item), version: item.version, created: true } }) as const
  return retryOnConflict(id, undefined, async (current) => {
    if (current?.unreadable) return mendTombstone(access, current)
    if (current?.deleted) await clearReviews(access, current)
    const item = toReplacement(id, content, current, writeId)
    const { written, stored } = await put(access, item, current?.version, keyed)
    if (written) return toResult(stored)
    const made = await readMark(access, keyed)
    if (made) return toResult(await readMade(access, made))
    const isTombstone = stored?.deleted || (stored?.unreadable && stored.isTombstone)
    if (stored && !isTombstone) throw new IdTaken(id)
    return { found: stored }
  })
}

/** Puts the product over this version, together with the mark of the write if it has a key. */
async function put(
  access: TableAccess,
  item: ProductItem,
  version: unknown,
  keyed: KeyedWrite | undefined,
): Promise<PutResult<ProductItem>> {
  if (!keyed) return putIfVersion(access, item, version)
  const { id: productId, createdAt } = item
  const refused = await transact(access, [
    { Put: toConditionalPut(access, item, version) },
    toMarkPut(access, keyed, { productId, createdAt }),
  ])
  return refused ? toPutResult(item, refused[0]?.Item) : { written: true, stored: item }
}

/**
 * Reads the product that an earlier attempt created.
 *
 * @throws {NoSuchProduct} if it was deleted, even if another product has its id now
 */
async function readMade(access: TableAccess, { productId, createdAt }: Made): Promise<ProductItem> {
  const item = await readItem(access, productId)
  if (!item || item.createdAt !== createdAt) throw new NoSuchProduct(productId)
  return item
}
