import type { Product } from '../../lib/catalog/product/product.ts'
import type { Write } from './history.ts'

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => `p${from + n}`)

/** The products of the shop: who writes what of them. What nobody writes is read beside them. */
export const products = {
  put: numbers(0, 6),
  stock: numbers(6, 3),
  review: numbers(9, 1),
  untouched: numbers(10, 2),
}
export const ids = Object.values(products).flat()

/** A product with more in stock than is ever sold. */
export const contentOf = (title: string) => ({
  title,
  category: 'chaos',
  price: { amount: 2900, currency: 'EUR' },
  variants: [{ sku: 'one', price: { amount: 2900, currency: 'EUR' }, stock: 1_000_000 }],
})

/** How many pieces a sale takes: another number for each sale of a product, so that one that is lost never makes up for another. */
export const piecesOf = (mark: string): number => Number(mark.slice(mark.lastIndexOf(' ') + 1)) + 1

/** The requests of a writer, by what it writes. */
export function requestOf({ kind, id, mark }: Write): { method: string; path: string; body: object } {
  switch (kind) {
    case 'put':
      return { method: 'PUT', path: `/products/${id}`, body: contentOf(mark) }
    case 'stock':
      return {
        method: 'PATCH',
        path: `/products/${id}/variants/one`,
        body: { stock: { add: -piecesOf(mark) } },
      }
    case 'review':
      return {
        method: 'POST',
        path: `/products/${id}/reviews`,
        body: { rating: 5, body: mark, author: 'Chaos' },
      }
    case 'new product':
      return { method: 'POST', path: '/products', body: contentOf(mark) }
  }
}

/** What a reader looks at: the version that an answer shows of each product. */
export function versionsIn(
  answer: Product | { product: Product } | { items: Product[] },
): Record<string, number> {
  const shown = 'items' in answer ? answer.items : 'product' in answer ? [answer.product] : [answer]
  return Object.fromEntries(shown.map(({ id, version }) => [id, version]))
}
