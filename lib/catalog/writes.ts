import type { Invalidation } from '../cacheAside/index.ts'
import { type CatalogConfig, openCaches } from './caches.ts'
import { createProduct } from './product/createProduct.ts'
import { deleteProduct } from './product/deleteProduct.ts'
import { patchProduct } from './product/patchProduct.ts'
import { patchVariant, type VariantWrite } from './product/patchVariant.ts'
import type { Precondition } from './product/precondition.ts'
import type { Product, ProductContent } from './product/product.ts'
import { putProduct } from './product/putProduct.ts'
import type { VariantPatch } from './product/variantPatch.ts'
import { postReview } from './reviews/postReview.ts'
import type { ReviewDraft } from './reviews/review.ts'
import type { ReviewThread } from './reviews/reviewTree.ts'

export { faultsOf, type ProductContent, parseProduct, parseProductWithId } from './product/product.ts'
export { type Upserted, upsertProduct } from './product/upsertProduct.ts'
export { parseVariantPatch } from './product/variantPatch.ts'
export { parseReviews } from './reviews/parseReviews.ts'
export { parseReview, type Review } from './reviews/review.ts'

/** A product as a write has left it, and whether every cached copy of it is gone. */
export interface Written {
  value: Product
  version: number
  created: boolean
  invalidation: Invalidation
}

/** What must hold for a write, and what ends it; what was sent by then may have happened. */
export interface WriteLimits {
  precondition?: Precondition
  signal?: AbortSignal | undefined
}

/**
 * The catalogue, to be written: into its table first, then every entry that shows the product leaves the cache. Nothing
 * connects before the first write.
 *
 * What each write throws is said where it is made; the SDK's own errors come as they are.
 *
 * @throws {Error} that names the variable of the environment which is not set
 */
export function openCatalogWrites(config?: CatalogConfig) {
  const { db, table, write } = openCaches(config)
  return {
    /** Replaces a product, or creates it: see {@link putProduct}. */
    putProduct: (
      id: string,
      content: ProductContent,
      { precondition, signal }: WriteLimits = {},
    ): Promise<Written> => write(id, () => putProduct({ db, table, signal }, id, content, precondition)),
    /** Creates a product: see {@link createProduct}. */
    createProduct: (
      id: string,
      content: ProductContent,
      { writeId, signal }: { writeId: string; signal?: AbortSignal | undefined },
    ): Promise<Written> => write(id, () => createProduct({ db, table, signal }, id, content, writeId)),
    /** Changes a product by a JSON merge patch: see {@link patchProduct}. */
    patchProduct: (
      id: string,
      patch: unknown,
      { precondition, signal }: WriteLimits = {},
    ): Promise<Written> => write(id, () => patchProduct({ db, table, signal }, id, patch, precondition)),
    /** Changes price and stock of a variant: see {@link patchVariant}. */
    patchVariant: (
      id: string,
      sku: string,
      patch: VariantPatch,
      { signal, ...options }: VariantWrite & Pick<WriteLimits, 'signal'> = {},
    ): Promise<Written> => write(id, () => patchVariant({ db, table, signal }, id, sku, patch, options)),
    /** Deletes a product and its reviews: see {@link deleteProduct}. */
    deleteProduct: (
      id: string,
      { precondition, signal }: WriteLimits = {},
    ): Promise<{ invalidation: Invalidation }> =>
      write(id, () => deleteProduct({ db, table, signal }, id, precondition)),
    /** Adds a review, or a reply to one: see {@link postReview}. */
    postReview: (
      productId: string,
      draft: ReviewDraft,
      { id, signal }: { id: string; signal?: AbortSignal | undefined },
    ): Promise<{ review: ReviewThread; invalidation: Invalidation }> =>
      write(productId, async () => ({
        // What the product is like now nobody tells: a transaction hands nothing back.
        ...{ value: undefined, version: 0 },
        review: await postReview({ db, table, signal }, productId, draft, id),
      })),
    /** For the answers that are kept under idempotency keys: they lie in the same database. */
    db,
  }
}
