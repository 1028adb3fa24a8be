import type { Product } from '../../lib/catalog/product/product.ts'
import type { Write } from './history.ts'

const numberedIds = (from: number, count: number) => Array.from({ length: count }, (_, n) => `p${from + n}`)

/** The products of the shop, by the kind of their writes. Readers request all of them. */
export const products = {
  put: numberedIds(0, 6),
  stock: numberedIds(6, 3),
  review: numberedIds(9, 1),
  untouched: numberedIds(10, 2),
}
export const ids = Object.values(products).flat()

/** Returns the content of a product. It has more in stock than is ever sold. */
export const productContent = (title: string) => ({
  title,
  category: 'chaos',
  price: { amount: 2900, currency: 'EUR' },
  variants: [{ sku: 'one', price: { amount: 2900, currency: 'EUR' }, stock: 1_000_000 }],
})

/**
 * Returns how many units a sale takes. The number differs for each sale of a product, so a lost sale and a doubled sale
 * never cancel out.
 */
export const toUnitsSold = (mark: string): number => Number(mark.slice(mark.lastIndexOf(' ') + 1)) + 1

/** Returns the request of a write. */
export function toRequest({ kind, id, mark }: Write): { method: string; path: string; body: object } {
  switch (kind) {
    case 'put':
      return { method: 'PUT', path: `/products/${id}`, body: productContent(mark) }
    case 'stock':
      return {
        method: 'PATCH',
        path: `/products/${id}/variants/one`,
        body: { stock: { add: -toUnitsSold(mark) } },
      }
    case 'review':
      return {
        method: 'POST',
        path: `/products/${id}/reviews`,
        body: { rating: 5, body: mark, author: 'Chaos' },
      }
    case 'new product':
      return { method: 'POST', path: '/products', body: productContent(mark) }
  }
}

/** Returns the version of each product in an answer. */
export function versionsIn(
  answer: Product | { product: Product } | { items: Product[] },
): Record<string, number> {
  const shown = 'items' in answer ? answer.items : 'product' in answer ? [answer.product] : [answer]
  return Object.fromEntries(shown.map(({ id, version }) => [id, version]))
}
