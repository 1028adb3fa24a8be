import { InvalidProduct } from '../catalog/index.ts'
import { type ProductContent, parseProduct, parseReviews, type Review } from '../catalog/writes.ts'
import { fromDummyJson, isDummyJson } from './dummyJson.ts'
import type { Currency } from './money.ts'
import { fromShopify } from './shopify.ts'

/** A product as a row brings it. */
export interface ImportedProduct {
  id: string
  content: ProductContent
  createdAt: string | undefined
  reviews: Review[]
}

/**
 * The product in a row, whose shape tells itself: an array holds the records of a Shopify CSV, a numbered id or a
 * decimal price is DummyJSON's, `reason` and `row` a line of a rejects file; else it is Aisle's own, with `reviews`.
 *
 * @throws {InvalidProduct} with a pointer to each fault
 * @throws {NotForSale} for one that the shop keeps back
 */
export function toImportedProduct(row: unknown, currency: Currency): ImportedProduct {
  if (typeof row === 'object' && row !== null && 'row' in row && 'reason' in row)
    return toImportedProduct(row.row, currency)
  if (Array.isArray(row)) return parse(fromShopify(row, currency))
  if (typeof row !== 'object' || row === null)
    throw new InvalidProduct([{ pointer: '', detail: 'A product is a JSON object' }])
  return parse(isDummyJson(row) ? fromDummyJson(row, currency) : row)
}

function parse(input: object): ImportedProduct {
  const { reviews = [], ...product } = input as { reviews?: unknown }
  const { id, content, createdAt } = parseProduct(product)
  if (id === undefined)
    throw new InvalidProduct([{ pointer: '/id', detail: 'A product that is imported has an id' }])
  return { id, content, createdAt, reviews: parseReviews(id, reviews) }
}
