import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import type { ReviewItem } from '../../lib/catalog/reviews/review.ts'
import type { ProductItem } from '../../lib/catalog/table/items.ts'
import type { Write } from './history.ts'
import { products, toUnitsSold } from './shop.ts'

/** How the table differs from what the writers were told. */
export interface Audit {
  /** Acknowledged writes that the table does not hold. */
  lost: number
  /** Writes that happened more than once, although their client sent one idempotency key. */
  doubled: number
}

/** The products and reviews of the table. */
export type TableContent = Awaited<ReturnType<typeof readTable>>

/** Reads the whole table. */
export async function readTable(db: DynamoDBDocumentClient, table: string) {
  const items: (ProductItem | ReviewItem)[] = []
  for await (const page of paginateScan({ client: db }, { TableName: table, ConsistentRead: true }))
    items.push(...((page.Items ?? []) as typeof items))
  return {
    products: items.filter((item): item is ProductItem => item.sk === 'PRODUCT'),
    reviews: items.filter((item): item is ReviewItem => 'body' in item),
  }
}

/**
 * Compares the table with the writes of one fault.
 *
 * @param before the table before the first of these writes
 * @param after the table after the last of them
 */
export function audit(writes: Write[], before: TableContent, after: TableContent): Audit {
  const result: Audit = { lost: 0, doubled: 0 }
  const writesOf = (kind: Write['kind'], id: string) =>
    writes.filter((write) => write.kind === kind && write.id === id)
  const stockIn = ({ products }: TableContent, id: string) =>
    products.find((each) => each.id === id)?.stock ?? 0

  for (const id of products.put) {
    const product = after.products.find((each) => each.id === id)
    if (!holdsLastPut(writesOf('put', id), product)) result.lost++
  }
  for (const id of products.stock) {
    const removed = stockIn(before, id) - stockIn(after, id)
    const sales = writesOf('stock', id)
    const unitsOf = (some: Write[]) => some.reduce((sum, { mark }) => sum + toUnitsSold(mark), 0)
    if (removed < unitsOf(sales.filter(({ acknowledged }) => acknowledged))) result.lost++
    if (removed > unitsOf(sales)) result.doubled++
  }
  for (const { kind, mark, acknowledged } of writes) {
    if (kind !== 'review' && kind !== 'new product') continue
    const found =
      kind === 'review'
        ? after.reviews.filter(({ body }) => body === mark)
        : after.products.filter(({ title }) => title === mark)
    if (acknowledged && found.length === 0) result.lost++
    result.doubled += Math.max(0, found.length - 1)
  }
  return result
}

/**
 * Returns whether a product holds the last acknowledged put. A put replaces the whole product, so another put may have
 * followed, but only one whose client still waited when the last acknowledged put began.
 */
function holdsLastPut(puts: Write[], product: ProductItem | undefined): boolean {
  const versionOf = ({ acknowledged }: Write) => acknowledged?.version ?? 0
  const last = puts.reduce<Write | undefined>(
    (newest, put) => (put.acknowledged && (!newest || versionOf(put) > versionOf(newest)) ? put : newest),
    undefined,
  )
  if (!last) return true
  const stored = puts.find(({ mark }) => mark === product?.title)
  if (!product || !stored) return false
  // An attempt whose client no longer waited may have stored it a second time.
  if (stored === last) return product.version >= versionOf(last)
  return product.version > versionOf(last) && (stored.end ?? 0) > last.start
}
