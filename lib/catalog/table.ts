import { isDeepStrictEqual } from 'node:util'
import type { Product, ProductContent } from './product.ts'

/**
 * How a product lies in DynamoDB: one table, `pk` the product, `sk` what of it.
 *
 *     pk          sk                     what
 *     PRODUCT#1   PRODUCT                the product itself
 *     PRODUCT#1   REVIEW#<id>            a review of it, or a reply
 */
export const productKey = (id: string) => ({ pk: `PRODUCT#${id}`, sk: 'PRODUCT' })

/** The key of a review, below its product. */
export const reviewKey = (productId: string, reviewId: string) => ({
  pk: `PRODUCT#${productId}`,
  sk: `REVIEW#${reviewId}`,
})

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
}

/** The product that an item holds, its fields in the order of the documentation. */
export const toProduct = ({ pk, sk, writeId, ratingSum, ratingCount, ...item }: ProductItem): Product => ({
  id: item.id,
  ...contentOf(item),
  rating: { average: ratingCount && Math.round((ratingSum / ratingCount) * 100) / 100, count: ratingCount },
  version: item.version,
  createdAt: item.createdAt,
  updatedAt: item.updatedAt,
})

/** The item of a product. */
export const toItem = (
  id: string,
  content: ProductContent,
  kept: Pick<ProductItem, 'ratingSum' | 'ratingCount' | 'version' | 'createdAt' | 'updatedAt' | 'writeId'>,
): ProductItem => ({ ...productKey(id), sk: 'PRODUCT', id, ...content, ...kept })

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
