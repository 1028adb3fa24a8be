import { isDeepStrictEqual } from 'node:util'
import type { Product, ProductContent } from '../product/product.ts'

/**
 * How the catalog lies in DynamoDB: one table, `pk` the product, `sk` what of it.
 *
 *     pk          sk                     what
 *     PRODUCT#1   PRODUCT                the product itself, or the tombstone of one that was deleted
 *     PRODUCT#1   REVIEW#<id>            a review of it, or a reply
 *     PRODUCT#1   WRITE#<id>             that a change of a variant has been made, for a day
 *     PRODUCT#1   COUNTED                under which category it is counted
 *     CATEGORIES  <path>                 how many products have exactly this category
 *     TOP         PRODUCTS               which products are read most
 *     SECRET      CURSOR                 the key that cursors are signed with
 *     DEADLETTER  <sequence number>      a record of the table's stream that could not be read, for two weeks
 *
 * Index `byCategory`: `category`, then `listedAt`: the products of a category by their age.
 * Index `byThread` (local, so it is read consistently): a product's reviews, thread by thread; see ../reviews/thread.ts.
 */
export const productKey = (id: string) => ({ pk: `PRODUCT#${id}`, sk: 'PRODUCT' })

/** The key of a review, below its product. */
export const reviewKey = (productId: string, reviewId: string) => ({
  pk: `PRODUCT#${productId}`,
  sk: `REVIEW#${reviewId}`,
})

/** The key of the mark that a write leaves. */
export const writeKey = (productId: string, writeId: string) => ({
  pk: `PRODUCT#${productId}`,
  sk: `WRITE#${writeId}`,
})

/** The key of the mark under which category a product is counted. */
export const countedKey = (productId: string) => ({ pk: `PRODUCT#${productId}`, sk: 'COUNTED' })

/** The key of the counter of a category. */
export const categoriesKey = (path: string) => ({ pk: 'CATEGORIES', sk: path })

/** The key of a malformed record. */
export const deadLetterKey = (name: string) => ({ pk: 'DEADLETTER', sk: name })

/** A product's item. Ratings are kept as sum and count, so that one review is one atomic addition. */
export interface ProductItem extends ProductContent {
  pk: string
  sk: 'PRODUCT'
  id: string
  ratingSum: number
  ratingCount: number
  version: number
  createdAt: string
  updatedAt: string
  /** Names the write that made this item, so that a retried request knows its own success. */
  writeId: string
  /** Where the product stands in the listing of its category: by creation, and by id where that is the same. */
  listedAt: string
  deleted?: never
}

/**
 * What a deleted product leaves at its key, so that its version never goes backwards: a product that is created again
 * gets a higher one. Without category and listedAt, so no index holds it.
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
   * When DynamoDB may remove it, seconds since the epoch: long enough for the clock, which versions follow, to have
   * passed its version. Set when all that lay below the product is gone; until then a creation has to see to that first.
   */
  expiresAt?: number
}

/** What stands at a product's key. */
export type Stored = ProductItem | Tombstone

/** The summary of a product's ratings, the average to two decimals. */
export const ratingOf = ({
  ratingSum,
  ratingCount,
}: Pick<ProductItem, 'ratingSum' | 'ratingCount'>): Product['rating'] => ({
  average: ratingCount && Math.round((ratingSum / ratingCount) * 100) / 100,
  count: ratingCount,
})

/** The product that an item holds, its fields in the order of the documentation. */
export const toProduct = (item: ProductItem): Product => ({
  id: item.id,
  ...contentOf(item),
  rating: ratingOf(item),
  version: item.version,
  createdAt: item.createdAt,
  updatedAt: item.updatedAt,
})

/** The item of a product. */
export const toItem = (
  id: string,
  content: ProductContent,
  kept: Pick<ProductItem, 'ratingSum' | 'ratingCount' | 'version' | 'createdAt' | 'updatedAt' | 'writeId'>,
): ProductItem => ({
  ...productKey(id),
  sk: 'PRODUCT',
  id,
  ...content,
  ...kept,
  listedAt: `${new Date(kept.createdAt).toISOString()}#${id}`,
})

/** The item that takes the place of what stands at a product's key. Rating and time of creation of a product stay. */
export function replacement(
  id: string,
  content: ProductContent,
  current: Stored | undefined,
  writeId: string,
): ProductItem {
  const now = new Date().toISOString()
  const kept = current?.deleted ? undefined : current
  return toItem(id, content, {
    ratingSum: kept?.ratingSum ?? 0,
    ratingCount: kept?.ratingCount ?? 0,
    version: nextVersion(current?.version ?? 0),
    createdAt: kept?.createdAt ?? now,
    updatedAt: now,
    writeId,
  })
}

/** The tombstone of a product that is deleted now. */
export const toTombstone = (
  { id, version }: Pick<ProductItem, 'id' | 'version'>,
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

/** Whether an item already says what a writer wants to say. */
export const hasContent = (item: ProductItem, content: ProductContent): boolean =>
  isDeepStrictEqual(contentOf(item), contentOf(content))

/** The version after `previous`: larger, whatever the clock says, and across delete and re-create as well. */
export const nextVersion = (previous: number): number => Math.max(previous + 1, Date.now())

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
