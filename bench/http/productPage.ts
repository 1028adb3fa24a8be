import { offersOf } from '../../lib/catalog/product/offers.ts'
import type { ProductPage } from '../../lib/catalog/productPage.ts'
import type { ReviewThread } from '../../lib/catalog/reviews/reviewTree.ts'
import { productOf } from '../support/product.ts'

const createdAt = '2026-01-12T12:00:00.000Z'
const rating = { average: 4.4, count: 128 }
const body =
  'It has been with us for a year now, at the table and on the road, and it looks as it did on the first day. '

/** What a product page contains: `typical` as in the sample catalogue, `full` everything that a page can show. */
const sizes = {
  typical: { productBytes: 1_300, threads: 3, replies: 0, cards: 2 },
  full: { productBytes: 2_500, threads: 5, replies: 1, cards: 8 },
}
export type PageSize = keyof typeof sizes

/** Returns the product page (document) of a product with four variants and three pictures. */
export function productPageOf(id: string, size: PageSize = 'typical'): ProductPage {
  const { productBytes, threads, replies, cards } = sizes[size]
  const product = {
    ...productOf(id, productBytes),
    ...{ rating, stock: 54, createdAt, updatedAt: createdAt },
  }
  const reviews = numbers(threads).map((n): ReviewThread => {
    const review = { id: `${id}-r${n}`, productId: id, body, author: `Customer ${n}`, createdAt }
    const replyTo = (to: number): ReviewThread => ({
      ...{ ...review, id: `${review.id}-${to}`, parentId: review.id, author: 'Hearth' },
      replies: [],
    })
    return { ...review, rating: n, title: 'As on the first day', replies: numbers(replies).map(replyTo) }
  })
  const related = numbers(cards).map((n) => ({
    id: `${id}-${n}`,
    title: `Enamel plate, deep, number ${n}`,
    brand: 'Hearth',
    price: { amount: 1490, currency: 'EUR' },
    image: { url: `https://images.example/plates/${n}/1.webp`, alt: 'The plate from above' },
    rating,
    availability: 'in-stock' as const,
  }))
  return {
    product,
    categoryPath: [
      { path: 'kitchen', name: 'Kitchen' },
      { path: 'kitchen/mugs', name: 'Mugs' },
    ],
    offers: offersOf(product),
    stock: product.stock,
    rating,
    reviews,
    related,
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1)
