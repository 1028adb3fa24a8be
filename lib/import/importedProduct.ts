import { InvalidProduct } from '../catalog/index.ts'
import { type ProductContent, parseProduct, parseReviews, type Review } from '../catalog/writes.ts'
import { fromDummyJson, isDummyJson } from './dummyJson.ts'
import type { Currency } from './money.ts'
import { fromShopify } from './shopify.ts'

/** The product in a row. */
export interface ImportedProduct {
  id: string
  content: ProductContent
  createdAt: string | undefined
  reviews: Review[]
}

/**
 * Parses the product in a row. The row's form decides the format:
 *
 * - an array holds the records of a Shopify CSV;
 * - `reason` and `row` make it a line of a rejects file;
 * - a numeric id or a decimal price makes it DummyJSON's;
 * - everything else is Aisle's own form, with optional `reviews`.
 *
 * @throws {InvalidProduct} with a pointer to each fault
 * @throws {NotForSale} for a product that the shop does not sell
 */
export function toImportedProduct(row: unknown, currency: Currency): ImportedProduct {
  if (typeof row === 'object' && row !== null && 'row' in row && 'reason' in row)
    return toImportedProduct(row.row, currency)
  if (Array.isArray(row)) return parse(fromShopify(row, currency))
  if (typeof row !== 'object' || row === null)
    throw new InvalidProduct([{ pointer: '', detail: 'A product must be a JSON object' }])
  return parse(isDummyJson(row) ? fromDummyJson(row, currency) : row)
}

function parse(input: object): ImportedProduct {
  const { reviews = [], ...product } = input as { reviews?: unknown }
  const { id, content, createdAt } = parseProduct(product)
  if (id === undefined)
    throw new InvalidProduct([{ pointer: '/id', detail: 'An imported product must have an id' }])
  return { id, content, createdAt, reviews: parseReviews(id, reviews) }
}
