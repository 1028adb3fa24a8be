import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { StoredProductUnreadable } from '../errors.ts'
import { requestOptions, type TableAccess } from '../table/access.ts'
import { batchGet } from '../table/batchGet.ts'
import { isVersion, type ProductItem, type Stored, toProduct, type UnreadableItem } from '../table/items.ts'
import { productKey } from '../table/keys.ts'
import { toStored } from '../table/storedProduct.ts'
import { countUnreadable } from '../table/unreadable.ts'
import type { Plain } from '../table/values.ts'
import type { Product } from './product.ts'

/**
 * Reads a product with a strongly consistent read. A deleted product is undefined.
 *
 * @throws {StoredProductUnreadable} if another program wrote what the catalogue cannot read; and what the SDK throws
 */
export async function readProduct(access: TableAccess, id: string): Promise<Product | undefined> {
  const item = await readItem(access, id)
  return item && toProduct(item)
}

/**
 * Reads a product's item with a strongly consistent read. A deleted product is undefined.
 *
 * @throws {StoredProductUnreadable} if another program wrote what the catalogue cannot read; and what the SDK throws
 */
export async function readItem(access: TableAccess, id: string): Promise<ProductItem | undefined> {
  return readableIn(await readStored(access, id))
}

/** Returns a stored product. A deleted product is undefined. @throws {StoredProductUnreadable} */
export function readableIn(stored: Stored | undefined): ProductItem | undefined {
  if (stored?.unreadable) throw unreadable(stored)
  return stored?.deleted ? undefined : stored
}

/** Creates the error of a product that cannot be read, and counts it. */
export function unreadable({ version }: Pick<UnreadableItem, 'version'>): StoredProductUnreadable {
  countUnreadable('PRODUCT')
  return new StoredProductUnreadable(isVersion(version) ? version : undefined)
}

/**
 * Reads a product's item or its tombstone with a strongly consistent read. It may be unreadable.
 *
 * @throws what the SDK throws
 */
export async function readStored(access: TableAccess, id: string): Promise<Stored | undefined> {
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: productKey(id), ConsistentRead: true }),
    requestOptions(access),
  )
  return Item && toStored(Item)
}

/** What a cache of products loads. */
interface LoadedProduct {
  /** Undefined if the product was deleted, null if it cannot be read. */
  value: Product | null | undefined
  version: number
}

/** Converts a stored item to what a cache loads. */
export function toLoaded(stored: Stored): LoadedProduct {
  if (stored.unreadable) return { value: null, version: unreadable(stored).version }
  return { value: stored.deleted ? undefined : toProduct(stored), version: stored.version }
}

/** The text of an entry that holds null: the product exists, and cannot be read. */
export const unreadableBody = 'null'

/**
 * Loads null for a product that cannot be read. So the cache answers the next reads. A load that fails instead would
 * leave a mark in Redis, by which the reads of other processes fail as if the database were unavailable, lists too.
 */
export async function nullIfUnreadable<V>(
  load: () => Promise<{ value: V; version: number } | undefined>,
): Promise<{ value: V | null; version: number } | undefined> {
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof StoredProductUnreadable)) throw error
    return { value: null, version: error.version }
  }
}

/**
 * Reads many products for a cache with strongly consistent reads. Ids that never existed are left out. Keys that did
 * not fit into one response are requested again.
 *
 * @param ids at most 100, the limit of a BatchGetItem, without duplicates
 * @throws what the SDK throws, and a `ThrottlingException` if a response contains none of the requested keys
 */
export async function readProducts(
  access: TableAccess,
  ids: readonly string[],
): Promise<Map<string, LoadedProduct>> {
  const items = await batchGet<Plain>(access, { Keys: ids.map(productKey), ConsistentRead: true })
  const stored = items.map(toStored)
  return new Map(stored.map((item) => [item.id, toLoaded(item)]))
}
