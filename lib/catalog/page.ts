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

/** How many review threads a product page begins with. */
export const threadsOnPage = 5

/** All that a product page shows. */
export interface Page {
  product: Product
  /** From the root down to the product's own category. */
  categoryPath: { path: string; name: string }[]
  offers: Offers
  /** Of all offers together. */
  stock: number
  rating: Product['rating']
  /** The newest threads. */
  reviews: ReviewThread[]
  related: Card[]
}

/**
 * Composes the page of a product, undefined where there is none. Nothing is scanned, and the cost does not depend on
 * how many products there are. In the order in which it is asked for:
 *
 * - the product with its variants, offers, stock and rating: GetItem, strongly consistent, a read unit for each 4 KB
 * - at the same time its review threads: Query of the local index `byThread`, strongly consistent (./reviews/readThreads.ts),
 *   and related products: two Queries of `byCategory` and BatchGetItem (./listing/related.ts)
 *
 * The product comes first, since its category leads to the related ones, and since its version must not be newer than
 * the reviews that it stands for. The category path needs no read. Where one of the reads fails, so does the page: one
 * without its related products would be cached as if there were none.
 *
 * @throws what the SDK throws
 */
export async function readPage(access: TableAccess, id: string): Promise<Page | undefined> {
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
