import { categoryPath } from './categories/category.ts'
import { placeOf } from './listing/neighbours.ts'
import { readRelated } from './listing/related.ts'
import type { Card } from './product/card.ts'
import { type Offers, offersOf } from './product/offers.ts'
import type { Product } from './product/product.ts'
import { readItem } from './product/readProduct.ts'
import { readThreads } from './reviews/readThreads.ts'
import type { ReviewThread } from './reviews/reviewTree.ts'
import type { TableAccess } from './table/access.ts'
import { toProduct } from './table/items.ts'

/** How many review threads a product page contains. */
const threadsOnPage = 5

/** The product page: one document with everything that a shop shows of a product. */
export interface ProductPage {
  product: Product
  /** The product's category and the categories above it, from the root down. */
  categoryPath: { path: string; name: string }[]
  offers: Offers
  /** The stock of all offers together. */
  stock: number
  rating: Product['rating']
  /** The newest review threads. */
  reviews: ReviewThread[]
  related: Card[]
}

/**
 * Joins the product page of a product. Returns undefined if there is no such product. It scans nothing, so its cost
 * does not depend on how many products the catalogue has. It reads, in this order:
 *
 * 1. The product with its variants, offers, stock and rating: one strongly consistent GetItem, one read unit per 4 KB.
 * 2. At the same time, its review threads and its related products. The threads are a Query of the local index
 *    `byThread`, strongly consistent (./reviews/readThreads.ts). The related products are two Queries of `byCategory`
 *    and one BatchGetItem (./listing/related.ts).
 *
 * The product is read first for two reasons: its category leads to the related products, and the version of the page
 * must not be newer than its reviews. The category path needs no read. If one of the reads fails, the whole page fails:
 * a page without its related products would be cached as if there were none.
 *
 * @throws what the SDK throws
 */
export async function readProductPage(access: TableAccess, id: string): Promise<ProductPage | undefined> {
  const item = await readItem(access, id)
  if (!item) return undefined
  const product = toProduct(item)
  const [{ threads }, related] = await Promise.all([
    readThreads(access, id, { count: threadsOnPage }),
    readRelated(access, placeOf(item)),
  ])
  return {
    product,
    categoryPath: categoryPath(product.category),
    offers: offersOf(product),
    stock: product.stock,
    rating: product.rating,
    reviews: threads,
    related,
  }
}
