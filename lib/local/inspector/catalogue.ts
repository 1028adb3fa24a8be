import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Product } from '../../catalog/index.ts'
import { productKey, toProduct, type Upkeep } from '../../catalog/upkeep.ts'

/** Thrown for an action that is not possible. The inspector shows the message to the user. */
export class RefusedAction extends Error {
  override name = 'RefusedAction'
}

/** Reads a product from the table. @throws {RefusedAction} if it does not exist or cannot be read */
export async function storedProduct(catalogue: Upkeep, id: string): Promise<Product> {
  const item = await catalogue.stored(id)
  if (!item || item.deleted) throw new RefusedAction(`There is no product ${id}`)
  if (item.unreadable) throw new RefusedAction(`The stored product ${id} cannot be read`)
  return toProduct(item)
}

/** Returns the change for a price that keeps it positive: down by 1.00, or up by 5.00 if the price is low. */
export const priceChange = ({ price }: Product): number => (price.amount > 1_000 ? -100 : 500)

/** Changes a product's prices directly in the table. No cache is invalidated and the version stays the same. */
export async function editBehindCache(
  { db, table }: Upkeep,
  product: Product,
  change: number,
): Promise<void> {
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

/** Expires a product's entries. Returns their number. */
export async function expire({ redis, kinds }: Upkeep, id: string): Promise<number> {
  const expired = await Promise.all(kinds.map(({ key }) => redis.pexpire(key(id), 1)))
  return expired.reduce((sum, each) => sum + each, 0)
}

/** Removes the catalogue's own keys and leaves all other keys in the same Redis alone. Returns the number of keys. */
export async function flush({ redis, kinds, lists }: Upkeep): Promise<number> {
  let removed = 0
  for (const { scan, key } of [...kinds, ...lists])
    for await (const id of scan()) removed += await redis.unlink(key(id))
  return removed
}
