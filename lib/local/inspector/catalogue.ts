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

/** Expires a product's entries now. Returns their number. EXPIRE is among the commands of resources/cacheAccess.yml. */
export async function expire({ redis, kinds }: Upkeep, id: string): Promise<number> {
  const expired = await Promise.all(kinds.map(({ key }) => inTime(redis.expire(key(id), 0))))
  return expired.reduce((sum, each) => sum + each, 0)
}

/**
 * Removes the catalogue's own keys and leaves all other keys in the same Redis alone. Returns the number of keys. One
 * DEL removes one key, because the keys are in different slots of a cluster. A user of resources/cacheAccess.yml may
 * not run UNLINK.
 */
export async function flush({ redis, kinds, lists }: Upkeep): Promise<number> {
  let removed = 0
  for (const { scan, key } of [...kinds, ...lists])
    for await (const id of scan({ atMost: Number.POSITIVE_INFINITY }))
      removed += await inTime(redis.del(key(id)))
  return removed
}

/** Removes the entry that holds a product, so that the next read is a miss. Does nothing if Redis does not answer. */
export async function removeEntry({ redis, kinds }: Upkeep, id: string): Promise<void> {
  const kind = kinds.find(({ name }) => name === 'product')
  if (kind) await inTime(redis.del(kind.key(id))).catch(() => {})
}

/** How long Redis may take to answer a command, in ms. */
const answerMs = 2_000

/** Waits for the reply to a command. @throws {Error} if none arrives within 2 s: a hung Redis would be asked for ever */
function inTime<T>(reply: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${answerMs / 1000} s`)), answerMs)
  return Promise.race([reply, late.promise]).finally(() => clearTimeout(timer))
}
