import { InvalidProduct } from '../catalog/index.ts'
import type { Currency } from './money.ts'
import type { Row } from './row.ts'
import { type ImportedProduct, toImportedProduct } from './shape.ts'
import { NotForSale } from './shopify.ts'

/** Whether a row can be taken: its product, or why it is refused; neither where the shop does not sell it. */
export function judge(
  row: Row,
  money: Currency,
): { product: ImportedProduct } | { reason: string } | { skipped: true } {
  if (row.fault !== undefined) return { reason: row.fault }
  try {
    return { product: toImportedProduct(row.value, money) }
  } catch (error) {
    if (error instanceof NotForSale) return { skipped: true }
    if (error instanceof InvalidProduct) return { reason: error.message }
    throw error
  }
}

/** The id of a row that was refused, to find it by: a CSV's handle, or what JSON names so. */
export function idOf(row: unknown): string | undefined {
  const first: unknown = Array.isArray(row) ? row[0] : row
  if (typeof first !== 'object' || first === null) return undefined
  const id = 'id' in first ? first.id : 'Handle' in first ? first.Handle : undefined
  return typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, 128) : undefined
}
