import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { openCatalog } from '../../catalog/index.ts'
import type { Product } from '../../catalog/product/product.ts'
import { readItem } from '../../catalog/product/readProduct.ts'
import { productKey, toProduct } from '../../catalog/table/items.ts'

export type Catalogue = ReturnType<typeof openCatalog>

/** Something that cannot be done, in words for whoever pressed the button. */
export class Refused extends Error {
  override name = 'Refused'
}

/** The product as the table has it. @throws {Refused} where there is none */
export async function storedProduct({ db, table }: Catalogue, id: string): Promise<Product> {
  const item = await readItem(db, table, id)
  if (!item) throw new Refused(`There is no product ${id}`)
  return toProduct(item)
}

/** What a price is changed by, so that it moves and stays a price: down by 1.00, and up again when it is low. */
export const changeOf = ({ price }: Product): number => (price.amount > 1_000 ? -100 : 500)

/** Changes a product's prices straight in the table: nobody is told, and its version stays as it was. */
export async function editPast({ db, table }: Catalogue, product: Product, change: number): Promise<void> {
  const prices = ['price', ...product.variants.map((_, n) => `variants[${n}].price`)]
  await db.send(
    new UpdateCommand({
      TableName: table,
      Key: productKey(product.id),
      UpdateExpression: `SET ${prices.map((path) => `${path}.amount = ${path}.amount + :change`).join(', ')}`,
      ExpressionAttributeValues: { ':change': change },
    }),
  )
}

/** Ends the time of a product's entries. Returns how many there were. */
export async function expire({ redis, products, also }: Catalogue, id: string): Promise<number> {
  const ended = await Promise.all([products, ...also].map((cache) => redis.pexpire(cache.key(id), 1)))
  return ended.reduce((sum, each) => sum + each, 0)
}

/** Removes the catalogue's own keys, and no other one of the same Redis. Returns how many there were. */
export async function flush(catalogue: Catalogue): Promise<number> {
  const { redis, products, pages, reviews, listings, categories } = catalogue
  let removed = 0
  for (const cache of [products, pages, reviews, listings, categories])
    for await (const id of cache.scan()) removed += await redis.unlink(cache.key(id))
  return removed
}
