import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import type { ReviewItem } from '../../lib/catalog/reviews/review.ts'
import type { ProductItem } from '../../lib/catalog/table/items.ts'
import type { Write } from './history.ts'
import { piecesOf, products } from './shop.ts'

/** What the database holds in the end, compared with what writers were told. */
export interface Audit {
  /** Writes that were acknowledged and are not there. */
  lost: number
  /** Writes that have happened more than once, though their client has asked under one key. */
  doubled: number
}

type Items = Awaited<ReturnType<typeof readAll>>

/** Reads the whole table. */
export async function readAll(db: DynamoDBDocumentClient, table: string) {
  const items: (ProductItem | ReviewItem)[] = []
  for await (const page of paginateScan({ client: db }, { TableName: table, ConsistentRead: true }))
    items.push(...((page.Items ?? []) as typeof items))
  return {
    products: items.filter((item): item is ProductItem => item.sk === 'PRODUCT'),
    reviews: items.filter((item): item is ReviewItem => 'body' in item),
  }
}

/**
 * @param before the table before the first of these writes
 * @param after and after the last
 */
export function audit(writes: Write[], before: Items, after: Items): Audit {
  const result: Audit = { lost: 0, doubled: 0 }
  const of = (kind: Write['kind'], id = '') =>
    writes.filter((write) => write.kind === kind && write.id === id)
  const compare = (there: number, wanted: Write[]) => {
    result.lost += Math.max(0, wanted.filter(({ acknowledged }) => acknowledged).length - there)
    result.doubled += Math.max(0, there - wanted.length)
  }
  const stockOf = (items: Items, id: string) => items.products.find((each) => each.id === id)?.stock ?? 0

  for (const id of products.put) {
    const product = after.products.find((each) => each.id === id)
    if (!endsWithTheLast(of('put', id), product)) result.lost++
  }
  for (const id of products.stock) {
    const gone = stockOf(before, id) - stockOf(after, id)
    const sales = of('stock', id)
    const pieces = (some: Write[]) => some.reduce((sum, { mark }) => sum + piecesOf(mark), 0)
    if (gone < pieces(sales.filter(({ acknowledged }) => acknowledged))) result.lost++
    if (gone > pieces(sales)) result.doubled++
  }
  for (const write of writes) {
    const { kind, mark } = write
    if (kind === 'review') compare(after.reviews.filter(({ body }) => body === mark).length, [write])
    if (kind === 'new product') compare(after.products.filter(({ title }) => title === mark).length, [write])
  }
  return result
}

/**
 * A put replaces the whole product. So the last one that was acknowledged has to be there, or one that has come after it:
 * its client still waited when that one began.
 */
function endsWithTheLast(puts: Write[], product: ProductItem | undefined): boolean {
  const versionOf = ({ acknowledged }: Write) => acknowledged?.version ?? 0
  const last = puts.reduce<Write | undefined>(
    (one, other) => (other.acknowledged && (!one || versionOf(other) > versionOf(one)) ? other : one),
    undefined,
  )
  if (!last) return true
  const standing = puts.find(({ mark }) => mark === product?.title)
  if (!product || !standing) return false
  // An attempt that nobody waited for any more may have put it once more.
  if (standing === last) return product.version >= versionOf(last)
  return product.version > versionOf(last) && (standing.end ?? 0) > last.start
}
