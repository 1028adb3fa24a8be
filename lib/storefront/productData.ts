import type { ProductPage } from '../catalog/index.ts'
import { toAbsolute } from './layout.ts'
import { toDecimal } from './money.ts'

/**
 * Returns a product and its breadcrumbs as structured data for search engines, in the vocabulary of schema.org. Every
 * address is absolute, because programs read the data without the page around it.
 */
export const productData = (
  { product, offers, stock, rating, categoryPath }: ProductPage,
  path: string,
  description: string,
) => {
  const images = product.images.flatMap(({ url }) => toAbsolute(url) ?? [])
  return {
    '@context': 'https://schema.org',
    '@graph': [
      {
        '@type': 'Product',
        name: product.title,
        ...(description && { description }),
        productID: product.id,
        url: toAbsolute(path),
        ...(product.brand !== undefined && { brand: { '@type': 'Brand', name: product.brand } }),
        ...(images.length > 0 && { image: images }),
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
        itemListElement: [
          { name: 'Home', path: '/' },
          ...categoryPath.map(({ path, name }) => ({ name, path: `/c/${path}` })),
          { name: product.title, path },
        ].map(({ name, path }, index) => ({
          '@type': 'ListItem',
          position: index + 1,
          name,
          item: toAbsolute(path),
        })),
      },
    ],
  }
}

function offersData({ items, lowPrice, highPrice }: ProductPage['offers'], stock: number) {
  const range = {
    lowPrice: toDecimal(lowPrice),
    highPrice: toDecimal(highPrice),
    offerCount: items.length,
  }
  return {
    ...(items.length === 1
      ? { '@type': 'Offer', price: range.lowPrice }
      : { '@type': 'AggregateOffer', ...range }),
    priceCurrency: lowPrice.currency,
    availability: `https://schema.org/${stock === 0 ? 'OutOfStock' : 'InStock'}`,
  }
}
