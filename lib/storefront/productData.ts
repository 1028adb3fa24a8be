import type { Page } from '../catalog/index.ts'
import { absolute } from './layout.ts'
import { decimal } from './money.ts'

/** A product as schema.org describes one, with the way to it: what search engines show of it. */
export const productData = (
  { product, offers, stock, rating, categoryPath }: Page,
  path: string,
  description: string,
) => ({
  '@context': 'https://schema.org',
  '@graph': [
    {
      '@type': 'Product',
      name: product.title,
      description,
      productID: product.id,
      url: absolute(path),
      ...(product.brand !== undefined && { brand: { '@type': 'Brand', name: product.brand } }),
      image: product.images.map(({ url }) => absolute(url)),
      ...(rating.count > 0 && {
        aggregateRating: {
          '@type': 'AggregateRating',
          ratingValue: rating.average,
          ratingCount: rating.count,
        },
      }),
      offers: offersData(offers, stock),
    },
    {
      '@type': 'BreadcrumbList',
      itemListElement: categoryPath.map(({ path, name }, at) => ({
        '@type': 'ListItem',
        position: at + 1,
        name,
        item: absolute(`/c/${path}`),
      })),
    },
  ],
})

function offersData({ items, lowPrice, highPrice }: Page['offers'], stock: number) {
  const range = { lowPrice: decimal(lowPrice), highPrice: decimal(highPrice), offerCount: items.length }
  return {
    ...(items.length === 1
      ? { '@type': 'Offer', price: range.lowPrice }
      : { '@type': 'AggregateOffer', ...range }),
    priceCurrency: lowPrice.currency,
    availability: `https://schema.org/${stock === 0 ? 'OutOfStock' : 'InStock'}`,
  }
}
