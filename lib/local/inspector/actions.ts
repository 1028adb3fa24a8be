import { setTimeout as sleep } from 'node:timers/promises'
import type { Upkeep } from '../../catalog/upkeep.ts'
import type { Config } from '../../clients/config.ts'
import { etagOf } from '../../http/conditional.ts'
import { toDecimal } from '../../storefront/money.ts'
import { signLocalToken, tokenKey } from '../tokenKey.ts'
import { burst } from './burst.ts'
import { editBehindCache, expire, flush, priceChange, RefusedAction, storedProduct } from './catalogue.ts'
import type { RedisSwitch } from './redisSwitch.ts'
import type { RequestLog } from './requestLog.ts'

/** The parts of the stack that the actions use. */
export interface ActionContext {
  config: Config
  catalogue: Upkeep
  requests: RequestLog
  redis: RedisSwitch
  /** The address of the API behind the proxy. */
  apiUrl: string
  /** The directory of the key for local tokens. */
  dataDirectory: string
}

/** How long an action waits for the API, and for a reader to see an edit, in ms. */
const timeoutMs = 10_000

/**
 * The actions of the inspector's buttons. Each one returns a sentence that describes the result.
 *
 * @throws {RefusedAction} if the action is not possible
 */
export const actions = {
  /** Changes the prices through the API with a token, as a shop's own tools do. */
  async update({ catalogue, apiUrl, dataDirectory }: ActionContext, id: string): Promise<string> {
    const product = await storedProduct(catalogue, id)
    const change = priceChange(product)
    const withNewPrice = <T extends { price: typeof product.price }>(each: T): T => ({
      ...each,
      price: { ...each.price, amount: each.price.amount + change },
    })
    const { price, variants } = withNewPrice({ ...product, variants: product.variants.map(withNewPrice) })
    const key = await tokenKey(dataDirectory)
    const token = await signLocalToken(key, {
      ...{ scope: 'catalog:write', seconds: 60, subject: 'inspector', name: 'Inspector' },
    })
    const answer = await fetch(`${apiUrl}/products/${encodeURIComponent(id)}`, {
      method: 'PATCH',
      headers: {
        ...{ 'content-type': 'application/merge-patch+json', authorization: `Bearer ${token}` },
        // The patch replaces the whole list of variants. Without this header it would undo a concurrent write.
        'if-match': etagOf(product.version),
      },
      body: JSON.stringify({ price, ...(variants.length > 0 && { variants }) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { detail } = (await answer.json()) as { detail?: string }
    if (!answer.ok) throw new RefusedAction(detail ?? `The API answered ${answer.status}`)
    const isDeferred = answer.headers.get('cache-status')?.includes('deferred')
    return (
      `Updated through the API: ${formatPrice(product.price)} became ${formatPrice(price)}. ` +
      (isDeferred
        ? 'Redis did not confirm the removal of the entries. The stream removes them when Redis is back.'
        : 'Its entries are removed, so the next read is a miss.')
    )
  },

  /** Changes the prices directly in the table, as a script that does not know about the cache would. */
  async edit({ catalogue, apiUrl }: ActionContext, id: string): Promise<string> {
    const readAmount = async () => {
      const signal = AbortSignal.timeout(timeoutMs)
      const answer = await fetch(`${apiUrl}/products/${encodeURIComponent(id)}`, { signal })
      return ((await answer.json()) as { price?: { amount: number } }).price?.amount
    }
    const product = await storedProduct(catalogue, id)
    // This read stores an entry, which the edit then makes outdated.
    await readAmount()
    const change = priceChange(product)
    await editBehindCache(catalogue, product, change)
    const begun = performance.now()
    const price = { ...product.price, amount: product.price.amount + change }
    const edited = `Edited directly in the table: ${formatPrice(product.price)} became ${formatPrice(price)}. `
    let oldReads = 0
    while ((await readAmount()) !== price.amount) {
      oldReads++
      if (performance.now() - begun > timeoutMs)
        return `${edited}No reader saw the new price within ${timeoutMs / 1000} s. Check the output of npm start.`
      await sleep(5)
    }
    const ms = Math.round(performance.now() - begun)
    const before =
      oldReads === 0 ? '' : ` and ${oldReads} ${oldReads === 1 ? 'read' : 'reads'} of the old price`
    return `${edited}Readers saw the new price after ${ms} ms${before}. The table's stream removed the entries.`
  },

  async expire({ catalogue }: ActionContext, id: string): Promise<string> {
    const expired = await expire(catalogue, id)
    return expired === 0
      ? 'The product has no entries to expire.'
      : `Expired ${entries(expired)}. The next read is a miss.`
  },

  async flush({ catalogue }: ActionContext): Promise<string> {
    const removed = await flush(catalogue)
    return `Removed ${entries(removed)} of this catalogue. Other keys in the same Redis are unchanged.`
  },

  async burst({ config, catalogue, requests }: ActionContext, id: string): Promise<string> {
    await storedProduct(catalogue, id)
    const key = catalogue.kinds.find(({ name }) => name === 'product')?.key(id) ?? ''
    const removeEntry = () => catalogue.redis.unlink(key).catch(() => {})
    const { readers, processes, databaseReads, failed, ms } = await burst(config, id, requests, removeEntry)
    return (
      `${readers} readers in ${processes} sandboxes asked for a cold key at once: ` +
      `${databaseReads} database ${databaseReads === 1 ? 'read' : 'reads'}, all answered within ${Math.round(ms)} ms` +
      (failed === 0 ? '.' : `, ${failed} of them with an error.`)
    )
  },

  async redisOff({ redis }: ActionContext): Promise<string> {
    await switchRedis(redis, false)
    return 'Redis is off. Reads go to the database instead, and no reader gets an error.'
  },

  async redisOn({ redis }: ActionContext): Promise<string> {
    await switchRedis(redis, true)
    return 'Redis is on. The functions use it again within a second or two.'
  },
}

export const isAction = (name: string): name is keyof typeof actions => Object.hasOwn(actions, name)

async function switchRedis(redis: RedisSwitch, on: boolean): Promise<void> {
  if (!redis.switchable)
    throw new RefusedAction('This Redis cannot be switched off: that needs a plain connection to one server')
  await redis.set(on)
}

const entries = (count: number) => `${count} ${count === 1 ? 'entry' : 'entries'}`

const formatPrice = (price: Parameters<typeof toDecimal>[0]) => `${toDecimal(price)} ${price.currency}`
