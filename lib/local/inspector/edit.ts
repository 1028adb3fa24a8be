import { setTimeout as sleep } from 'node:timers/promises'
import { editBehindCache, removeEntry, storedProduct } from './catalogue.ts'
import type { ActionContext } from './context.ts'
import { formatPrice, nextChange, noteChange, timeoutMs } from './priceChange.ts'
import { parseCacheStatus } from './responseHeaders.ts'

/**
 * Changes the prices directly in the table, as a script that does not know about the cache would, and reads through the
 * API until a reader sees the new price. The message names the stream only if it removed an entry with the old price.
 *
 * @returns the message
 * @throws {RefusedAction} if the product does not exist
 */
export async function edit(context: ActionContext, id: string): Promise<string> {
  const { catalogue, redis } = context
  const product = await storedProduct(catalogue, id)
  const read = () => readPrice(context.apiUrl, id)
  // This read stores an entry, which the edit then makes outdated. A new one does not expire while readers wait for it.
  await removeEntry(catalogue, id)
  const { isInCache } = await read()
  const change = nextChange(product)
  await editBehindCache(catalogue, product, change)
  noteChange(context.changed, product, change)
  const begun = performance.now()
  const price = { ...product.price, amount: product.price.amount + change }
  const edited = `Edited directly in the table: ${formatPrice(product.price)} became ${formatPrice(price)}.`
  let oldReads = 0
  let latest = await read()
  while (latest.amount !== price.amount) {
    oldReads++
    if (performance.now() - begun > timeoutMs)
      return `${edited} No reader saw the new price within ${timeoutMs / 1000} s. Check the output of npm start.`
    await sleep(5)
    latest = await read()
  }
  const seen = `${edited} Readers saw the new price after ${Math.round(performance.now() - begun)} ms`
  if (latest.isBypass)
    // After Redis was away, a function bypasses it for up to a second more.
    return `${seen}, because they read the database: ${redis.on ? 'the function does not reach Redis yet' : 'Redis is off'}. The table's stream removes the entries when Redis is back.`
  if (!isInCache) return `${seen}, because the cache held no entry.`
  const before =
    oldReads === 0 ? '' : ` and ${oldReads} ${oldReads === 1 ? 'read' : 'reads'} of the old price`
  return `${seen}${before}. The table's stream removed the entries.`
}

/** Reads a product's price through the API, and whether the answer is in the cache or bypassed it. */
async function readPrice(
  apiUrl: string,
  id: string,
): Promise<{ amount: number | undefined; isBypass: boolean; isInCache: boolean }> {
  const signal = AbortSignal.timeout(timeoutMs)
  const answer = await fetch(`${apiUrl}/products/${encodeURIComponent(id)}`, { signal })
  const { price } = (await answer.json()) as { price?: { amount: number } }
  const status = answer.headers.get('cache-status') ?? ''
  return {
    amount: price?.amount,
    isBypass: parseCacheStatus(status).outcome === 'fail-open',
    isInCache: /; (hit|stored|collapsed)\b/.test(status),
  }
}
