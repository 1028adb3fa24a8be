import { productShape } from './product/shape.ts'

/**
 * Names the form of the cache entries of products, product pages and reviews, apart from the JSON of a product. Raise
 * it if they change in a way that an earlier release would misread, and add the schema until then to `releasedSchemas`
 * in test/support/productShapes.ts.
 *
 * 1: JSON of what exists. 2: `null` too, for a product that cannot be read.
 */
const entryForm = '2'

/**
 * The `schema` of every cache that shows products. While two releases run side by side, neither reads the entries of
 * the other. The default of lib/cacheAside is the schema of an earlier release, so each of these caches needs this one.
 */
export const entrySchema = `${entryForm}-${productShape}`
