import { burst } from './burst.ts'
import { expire, flush, RefusedAction, removeEntry, storedProduct } from './catalogue.ts'
import type { ActionContext } from './context.ts'
import { edit } from './edit.ts'
import { changePrice, formatPrice, nextChange, noteChange } from './priceChange.ts'
import { switchRedis, withRedis } from './redis.ts'
import { reset } from './reset.ts'

/**
 * The actions on a product. Each one returns a sentence that describes the result.
 *
 * @throws {RefusedAction} if the action is not possible
 */
const productActions = {
  /** Changes the prices through the API. */
  async update(context: ActionContext, id: string): Promise<string> {
    const product = await storedProduct(context.catalogue, id)
    const change = nextChange(product)
    const { price, isDeferred } = await changePrice(context, product, change)
    noteChange(context.changed, product, change)
    return (
      `Updated through the API: ${formatPrice(product.price)} became ${formatPrice(price)}. ` +
      (isDeferred
        ? 'Redis did not confirm the removal of the entries. The stream removes them when Redis is back.'
        : 'Its entries are removed, so the next read is a miss.')
    )
  },

  edit,

  async expire(context: ActionContext, id: string): Promise<string> {
    const expired = await withRedis(context, () => expire(context.catalogue, id))
    return expired === 0
      ? 'The product has no entries to expire.'
      : `Expired ${entries(expired)}. The next read is a miss.`
  },

  async burst({ config, catalogue, requests, redis }: ActionContext, id: string): Promise<string> {
    await storedProduct(catalogue, id)
    const { readers, processes, databaseReads, failed, ms } = await burst(config, id, requests, () =>
      removeEntry(catalogue, id),
    )
    return (
      `${readers} readers in ${processes} sandboxes asked ${redis.on ? 'for a cold key at once' : 'at once while Redis is off'}: ` +
      `${databaseReads} database ${databaseReads === 1 ? 'read' : 'reads'}, all answered within ${Math.round(ms)} ms` +
      (failed === 0 ? '.' : `, ${failed} of them with an error.`)
    )
  },
}

/** The actions on the whole catalogue, which need no product. They return and throw the same. */
const catalogueActions = {
  async flush(context: ActionContext): Promise<string> {
    const removed = await withRedis(context, () => flush(context.catalogue))
    return `Removed ${entries(removed)} of this catalogue. Other keys in the same Redis are unchanged.`
  },

  async redisOff(context: ActionContext): Promise<string> {
    await switchRedis(context, false)
    return 'Redis is off. Reads go to the database instead, and no reader gets an error.'
  },

  async redisOn(context: ActionContext): Promise<string> {
    await switchRedis(context, true)
    return 'Redis is on. The functions use it again within a second or two.'
  },

  reset,
}

/**
 * Returns the action of a button, or undefined for an unknown name.
 *
 * @param id the product of the page that the button is on, if it shows one
 */
export function findAction(
  name: string,
  id: string | undefined,
): ((context: ActionContext) => Promise<string>) | undefined {
  if (isKeyOf(catalogueActions, name)) return catalogueActions[name]
  if (!isKeyOf(productActions, name)) return undefined
  return async (context) => {
    if (id === undefined)
      throw new RefusedAction('This page shows no product. Open the page of a product first')
    return productActions[name](context, id)
  }
}

const isKeyOf = <T extends object>(object: T, name: PropertyKey): name is keyof T =>
  Object.hasOwn(object, name)

const entries = (count: number) => `${count} ${count === 1 ? 'entry' : 'entries'}`
