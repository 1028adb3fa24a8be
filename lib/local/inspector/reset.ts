import { setTimeout as sleep } from 'node:timers/promises'
import type { Upkeep } from '../../catalog/upkeep.ts'
import { flush, RefusedAction, storedProduct } from './catalogue.ts'
import type { ActionContext } from './context.ts'
import { amountsOf, changePrice } from './priceChange.ts'
import { switchRedis, withRedis } from './redis.ts'

/**
 * For how long a function may answer from its own last load after Redis was away, in ms: `fallbackMs` of lib/cacheAside.
 * Before that, a page could still show a price that the reset has changed.
 */
const fallbackMs = 1_000

/**
 * Takes back what the buttons did since `npm start`: switches Redis on, restores the prices, empties the cache, and
 * forgets the recorded requests. A price that another client has changed since stays.
 *
 * @returns the message
 * @throws {RefusedAction} if Redis does not answer, or the API refuses
 */
export async function reset(context: ActionContext): Promise<string> {
  const { catalogue, redis, requests, changed } = context
  const wasOff = !redis.on
  if (redis.switchable) await switchRedis(context, true)
  let restored = 0
  let left = 0
  for (const [id, { sum, amounts }] of changed) {
    const product = await findProduct(catalogue, id)
    if (!product || amountsOf(product) !== amounts) left++
    else if (sum !== 0) {
      await changePrice(context, product, -sum)
      restored++
    }
    changed.delete(id)
  }
  if (wasOff && restored > 0) await sleep(fallbackMs)
  await withRedis(context, () => flush(catalogue))
  requests.clear()
  const done = ['Redis is on']
  if (restored > 0)
    done.push(
      restored === 1
        ? 'the price of 1 product is restored'
        : `the prices of ${restored} products are restored`,
    )
  const text = `Reset: ${done.join(', ')}, and the cache is empty.`
  if (left === 0) return text
  return `${text} ${left === 1 ? '1 price was changed elsewhere and stays' : `${left} prices were changed elsewhere and stay`}.`
}

/** Reads a product. Returns undefined if it was deleted, or cannot be read. */
const findProduct = (catalogue: Upkeep, id: string) =>
  storedProduct(catalogue, id).catch((error) => {
    if (error instanceof RefusedAction) return undefined
    throw error
  })
