import { isDeepStrictEqual } from 'node:util'
import type { Product, ProductContent } from '../product/product.ts'
import { productKey } from './keys.ts'

/** A product's item. It stores the sum and the count of the ratings, so that adding a review is one atomic addition. */
export interface ProductItem extends ProductContent {
  pk: string
  sk: 'PRODUCT'
  id: string
  ratingSum: number
  ratingCount: number
  version: number
  createdAt: string
  updatedAt: string
  /** Names the write that made this item. A retried request uses it to recognise its own success. */
  writeId: string
  /** The product's position in the listing of its category: its creation time, then its id to break ties. */
  listedAt: string
  deleted?: never
  unreadable?: never
}

/**
 * The item that replaces a deleted product. It keeps the version, so that a product created again under the id gets a
 * higher version. It has neither `category` nor `listedAt`, so no index holds it.
 */
export interface Tombstone {
  pk: string
  sk: 'PRODUCT'
  id: string
  deleted: true
  version: number
  /** Names the deletion. */
  writeId: string
  updatedAt: string
  /**
   * When DynamoDB may remove the tombstone, in seconds since the epoch. Versions follow the clock, so by this time the
   * clock has passed the tombstone's version. Set once the product's reviews are deleted. Until then, a creation under
   * this id has to delete the reviews first.
   */
  expiresAt?: number
  unreadable?: never
}

/** Stands for the version of an item that has none. */
export const missingVersion = Symbol('missing version')

/**
 * Stands for a version that no condition can be made of: the document client does not always return a set or a map so
 * that it can send the same again. The write that stored it stands in for it. Every version that the catalogue stores
 * is a number, so a condition on the type notices those.
 */
export class OpaqueVersion {
  readonly writeId: unknown
  constructor(writeId: unknown) {
    this.writeId = writeId
  }
}

/**
 * An item at a product's key that another program wrote, and that the catalogue cannot read: ./storedProduct.ts.
 * Nothing of its content is served. A put replaces it, and a deletion deletes it.
 */
export interface UnreadableItem {
  id: string
  unreadable: true
  deleted?: never
  /** The version as it is stored, which may be of any type. */
  version: unknown
  /** Whether it is a tombstone that cannot be read. */
  isTombstone: boolean
  /** What a put carries over. The rating is 0 if it cannot be read. */
  ratingSum: number
  ratingCount: number
  createdAt?: string
  writeId?: string
}

/** The item at a product's key. */
export type Stored = ProductItem | Tombstone | UnreadableItem

/** Returns the rating of a product: the average, rounded to two decimals, and the count. */
export const ratingOf = ({
  ratingSum,
  ratingCount,
}: Pick<ProductItem, 'ratingSum' | 'ratingCount'>): Product['rating'] => ({
  average: ratingCount && Math.round((ratingSum / ratingCount) * 100) / 100,
  count: ratingCount,
})

/** Converts an item to the product, with its fields in the order of the documentation. */
export const toProduct = (item: ProductItem): Product => ({
  id: item.id,
  ...contentOf(item),
  rating: ratingOf(item),
  version: item.version,
  createdAt: item.createdAt,
  updatedAt: item.updatedAt,
})

/** Makes the item of a product. */
export const toItem = (
  id: string,
  content: ProductContent,
  rest: Pick<ProductItem, 'ratingSum' | 'ratingCount' | 'version' | 'createdAt' | 'updatedAt' | 'writeId'>,
): ProductItem => ({
  ...productKey(id),
  sk: 'PRODUCT',
  id,
  ...content,
  ...rest,
  listedAt: `${new Date(rest.createdAt).toISOString()}#${id}`,
})

/**
 * Makes the item that replaces `current`. If `current` is a product, its rating and creation time carry over.
 *
 * @param current the item at the product's key; undefined if there is none
 */
export function toReplacement(
  id: string,
  content: ProductContent,
  current: Stored | undefined,
  writeId: string,
): ProductItem {
  const now = new Date().toISOString()
  const product = current?.deleted ? undefined : current
  return toItem(id, content, {
    ratingSum: product?.ratingSum ?? 0,
    ratingCount: product?.ratingCount ?? 0,
    version: nextVersion(current?.version ?? 0),
    createdAt: product?.createdAt ?? now,
    updatedAt: now,
    writeId,
  })
}

/** Makes the tombstone of a product that is deleted now. */
export const toTombstone = (
  { id, version }: Pick<ProductItem | UnreadableItem, 'id' | 'version'>,
  writeId: string,
): Tombstone => ({
  ...productKey(id),
  sk: 'PRODUCT',
  id,
  deleted: true,
  version: nextVersion(version),
  writeId,
  updatedAt: new Date().toISOString(),
})

/** Whether an item already has this content. */
export const hasContent = (item: ProductItem, content: ProductContent): boolean =>
  isDeepStrictEqual(contentOf(item), contentOf(content))

/**
 * Returns the version that follows `previous`. It is larger whatever the clock reads, and across delete and re-create.
 * If `previous` is not a version, it is the time: all versions that the catalogue has made follow the clock.
 */
export const nextVersion = (previous: unknown): number =>
  isVersion(previous) ? Math.max(previous + 1, Date.now()) : Date.now()

/** Whether a value is a version, and a version above it can be stored too. */
export const isVersion = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < Number.MAX_SAFE_INTEGER

const contentOf = ({
  title,
  description,
  brand,
  category,
  price,
  compareAtPrice,
  variants,
  stock,
  images,
  tags,
  attributes,
}: ProductContent): ProductContent => ({
  title,
  description,
  ...(brand !== undefined && { brand }),
  category,
  price,
  ...(compareAtPrice !== undefined && { compareAtPrice }),
  variants,
  stock,
  images,
  tags,
  attributes,
})
