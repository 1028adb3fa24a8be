import { InvalidProduct } from '../catalog/index.ts'
import { type ImportedProduct, toImportedProduct } from './importedProduct.ts'
import type { Currency } from './money.ts'
import type { Row } from './row.ts'
import { NotForSale } from './shopify.ts'

/** Returns the product of a row, the reason why the row is refused, or that the shop does not sell the product. */
export function validateRow(
  row: Row,
  currency: Currency,
): { product: ImportedProduct } | { reason: string } | { skipped: true } {
  if (row.fault !== undefined) return { reason: row.fault }
  try {
    return { product: toImportedProduct(row.value, currency) }
  } catch (error) {
    if (error instanceof NotForSale) return { skipped: true }
    if (error instanceof InvalidProduct) return { reason: error.message }
    throw error
  }
}

/** Returns the id by which a user can find a refused row: the handle in a CSV, the field `id` or `Handle` in JSON. */
export function getRowId(row: unknown): string | undefined {
  const first: unknown = Array.isArray(row) ? row[0] : row
  if (typeof first !== 'object' || first === null) return undefined
  const id = 'id' in first ? first.id : 'Handle' in first ? first.Handle : undefined
  return typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, 128) : undefined
}
