import type { Product } from '../../catalog/index.ts'
import { etagOf } from '../../http/conditional.ts'
import { toDecimal } from '../../storefront/money.ts'
import { signLocalToken, tokenKey } from '../tokenKey.ts'
import { RefusedAction } from './catalogue.ts'

/** How long an action waits for the API, and for a reader to see an edit, in ms. */
export const timeoutMs = 10_000

/** Returns the change for a price that keeps it positive: down by 1.00, or up by 5.00 if the price is low. */
export const nextChange = ({ price }: Product): number => (price.amount > 1_000 ? -100 : 500)

/** The sum of the changes to a product's prices by the buttons since `npm start`, and {@link amountsOf} it after the last one. */
export interface ChangedPrice {
  sum: number
  amounts: string
}

/** The {@link ChangedPrice} of each product that the buttons changed, by its id. */
export type ChangedPrices = Map<string, ChangedPrice>

/** Notes a change of a product's prices, so that the button for a reset can take it back. */
export function noteChange(changed: ChangedPrices, product: Product, change: number): void {
  const before = changed.get(product.id)
  // A change by another client in between stays, so a reset begins from there.
  const sum = before?.amounts === amountsOf(product) ? before.sum : 0
  changed.set(product.id, { sum: sum + change, amounts: amountsOf(product, change) })
}

/** Returns a text that differs whenever the price of the product or of a variant differs. `change` is added to each. */
export const amountsOf = ({ price, variants }: Product, change = 0): string =>
  JSON.stringify([price.amount + change, ...variants.map(({ sku, price }) => [sku, price.amount + change])])

/**
 * Changes the prices of a product and of its variants through the API with a token, as a shop's own tools do.
 *
 * @param change in the smallest unit of the currency
 * @returns the new price, and whether Redis confirmed the removal of the entries
 * @throws {RefusedAction} if the API refuses, for example because another client changed the product at the same time
 */
export async function changePrice(
  { apiUrl, dataDirectory }: { apiUrl: string; dataDirectory: string },
  product: Product,
  change: number,
): Promise<{ price: Product['price']; isDeferred: boolean }> {
  const withNewPrice = <T extends { price: Product['price'] }>(each: T): T => ({
    ...each,
    price: { ...each.price, amount: each.price.amount + change },
  })
  const { price, variants } = withNewPrice({ ...product, variants: product.variants.map(withNewPrice) })
  const key = await tokenKey(dataDirectory)
  const token = await signLocalToken(key, {
    ...{ scope: 'catalog:write', seconds: 60, subject: 'inspector', name: 'Inspector' },
  })
  const answer = await fetch(`${apiUrl}/products/${encodeURIComponent(product.id)}`, {
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
  return { price, isDeferred: answer.headers.get('cache-status')?.includes('deferred') ?? false }
}

/** Formats a price for a message, for example `54.90 EUR`. */
export const formatPrice = (price: Product['price']): string => `${toDecimal(price)} ${price.currency}`
