import { setTimeout as sleep } from 'node:timers/promises'
import type { Upkeep } from '../../catalog/upkeep.ts'
import type { Config } from '../../clients/config.ts'
import { etagOf } from '../../http/conditional.ts'
import { decimal } from '../../storefront/money.ts'
import { signLocalToken, tokenKey } from '../tokenKey.ts'
import { burst } from './burst.ts'
import { changeOf, editPast, expire, flush, Refused, storedProduct } from './catalogue.ts'
import type { RedisSwitch } from './redisSwitch.ts'
import type { Requests } from './requests.ts'

/** What the actions work on. */
export interface Stage {
  config: Config
  catalogue: Upkeep
  requests: Requests
  redis: RedisSwitch
  /** Where the catalog answers, past the front. */
  apiUrl: string
  /** Where the key of local tokens lies. */
  home: string
}

/** How long a reader is waited for who sees an edit, ms. */
const patience = 10_000

/**
 * What the inspector's buttons do to a product. Each returns what has happened, in words.
 *
 * @throws {Refused} for what cannot be done
 */
export const actions = {
  /** As a shop's own tools do it: through the API, with a token. */
  async update({ catalogue, apiUrl, home }: Stage, id: string): Promise<string> {
    const product = await storedProduct(catalogue, id)
    const change = changeOf(product)
    const changed = <T extends { price: typeof product.price }>(one: T): T => ({
      ...one,
      price: { ...one.price, amount: one.price.amount + change },
    })
    const { price, variants } = changed({ ...product, variants: product.variants.map(changed) })
    const key = await tokenKey(home)
    const token = await signLocalToken(key, { scope: 'catalog:write', seconds: 60, subject: 'inspector' })
    const answer = await fetch(`${apiUrl}/products/${encodeURIComponent(id)}`, {
      method: 'PATCH',
      headers: {
        ...{ 'content-type': 'application/merge-patch+json', authorization: `Bearer ${token}` },
        // A patch replaces the list of variants as a whole, with what others have made of it meanwhile.
        'if-match': etagOf(product.version),
      },
      body: JSON.stringify({ price, ...(variants.length > 0 && { variants }) }),
      signal: AbortSignal.timeout(patience),
    })
    const said = (await answer.json()) as { detail?: string }
    if (!answer.ok) throw new Refused(said.detail ?? `The API answered ${answer.status}`)
    const deferred = answer.headers.get('cache-status')?.includes('deferred')
    return (
      `Through the API: ${textOf(product.price)} became ${textOf(price)}. ` +
      (deferred
        ? 'Redis did not confirm the removal of the entries: the stream removes them when it is back.'
        : 'Its entries are removed, and the next read is a miss.')
    )
  },

  /** As a script does it that knows nothing of the cache. */
  async edit({ catalogue, apiUrl }: Stage, id: string): Promise<string> {
    const amountNow = async () => {
      const signal = AbortSignal.timeout(patience)
      const answer = await fetch(`${apiUrl}/products/${encodeURIComponent(id)}`, { signal })
      return ((await answer.json()) as { price?: { amount: number } }).price?.amount
    }
    const product = await storedProduct(catalogue, id)
    // So that there is an entry which the edit makes stale.
    await amountNow()
    const change = changeOf(product)
    await editPast(catalogue, product, change)
    const begun = performance.now()
    const price = { ...product.price, amount: product.price.amount + change }
    const what = `Straight in the table, behind the cache's back: ${textOf(product.price)} became ${textOf(price)}. `
    let stale = 0
    while ((await amountNow()) !== price.amount) {
      stale++
      if (performance.now() - begun > patience)
        return `${what}No reader has seen it for ${patience / 1000} s: look at what npm start prints.`
      await sleep(5)
    }
    const ms = Math.round(performance.now() - begun)
    const before = stale === 0 ? '' : `, after ${stale} ${stale === 1 ? 'read' : 'reads'} of the old price`
    return `${what}It was read ${ms} ms later${before}: the table's stream removed the entries.`
  },

  async expire({ catalogue }: Stage, id: string): Promise<string> {
    const ended = await expire(catalogue, id)
    return ended === 0
      ? 'There was no entry whose time could end.'
      : `The time of ${entries(ended)} is over: the next read is a miss.`
  },

  async flush({ catalogue }: Stage): Promise<string> {
    const removed = await flush(catalogue)
    return `${entries(removed)} of this catalogue removed. Other keys of the same Redis are left alone.`
  },

  async burst({ config, catalogue, requests }: Stage, id: string): Promise<string> {
    await storedProduct(catalogue, id)
    const key = catalogue.kinds.find(({ name }) => name === 'product')?.key(id) ?? ''
    const empty = () => catalogue.redis.unlink(key).catch(() => {})
    const { readers, processes, databaseReads, failed, ms } = await burst(config, id, requests, empty)
    return (
      `${readers} readers of ${processes} sandboxes asked for a cold key at once: ` +
      `${databaseReads} database ${databaseReads === 1 ? 'read' : 'reads'}, all answered within ${Math.round(ms)} ms` +
      (failed === 0 ? '.' : `, ${failed} of them by an error.`)
    )
  },

  async redisOff({ redis }: Stage): Promise<string> {
    await switched(redis, false)
    return 'Redis is off. Reads go past it to the database, and nobody hears an error.'
  },

  async redisOn({ redis }: Stage): Promise<string> {
    await switched(redis, true)
    return 'Redis is on. Within a second or two the functions ask it again.'
  },
}

export const isAction = (name: string): name is keyof typeof actions => Object.hasOwn(actions, name)

async function switched(redis: RedisSwitch, on: boolean): Promise<void> {
  if (!redis.switchable)
    throw new Refused('Only a plain connection to a single Redis can be switched off here')
  await redis.set(on)
}

const entries = (count: number) => `${count} ${count === 1 ? 'entry' : 'entries'}`

const textOf = (price: Parameters<typeof decimal>[0]) => `${decimal(price)} ${price.currency}`
