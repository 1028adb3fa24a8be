import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Product } from '../../catalog/index.ts'
import { productKey, toProduct, type Upkeep } from '../../catalog/upkeep.ts'

/** Something that cannot be done, in words for whoever pressed the button. */
export class Refused extends Error {
  override name = 'Refused'
}

/** The product as the table has it. @throws {Refused} where there is none */
export async function storedProduct(catalogue: Upkeep, id: string): Promise<Product> {
  const item = await catalogue.stored(id)
  if (!item || item.deleted) throw new Refused(`There is no product ${id}`)
  return toProduct(item)
}

/** What a price is changed by, so that it moves and stays a price: down by 1.00, and up again when it is low. */
export const changeOf = ({ price }: Product): number => (price.amount > 1_000 ? -100 : 500)

/** Changes a product's prices straight in the table: nobody is told, and its version stays as it was. */
export async function editPast({ db, table }: Upkeep, product: Product, change: number): Promise<void> {
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
export async function expire({ redis, kinds }: Upkeep, id: string): Promise<number> {
  const ended = await Promise.all(kinds.map(({ key }) => redis.pexpire(key(id), 1)))
  return ended.reduce((sum, each) => sum + each, 0)
}

/** Removes the catalogue's own keys, and no other one of the same Redis. Returns how many there were. */
export async function flush({ redis, kinds, lists }: Upkeep): Promise<number> {
  let removed = 0
  for (const { scan, key } of [...kinds, ...lists])
    for await (const id of scan()) removed += await redis.unlink(key(id))
  return removed
}
