import { randomUUID } from 'node:crypto'
import type { Invalidation } from '../cacheAside/index.ts'
import { type CatalogConfig, openCaches } from './caches.ts'
import { createProduct } from './product/createProduct.ts'
import { deleteProduct } from './product/deleteProduct.ts'
import { patchProduct } from './product/patchProduct.ts'
import { patchVariant, type VariantWriteOptions } from './product/patchVariant.ts'
import type { Precondition } from './product/precondition.ts'
import type { Product, ProductContent } from './product/product.ts'
import { putProduct } from './product/putProduct.ts'
import type { VariantPatch } from './product/variantPatch.ts'
import { clearThread, deleteReview, type Remover } from './reviews/deleteReview.ts'
import { postReview } from './reviews/postReview.ts'
import type { ReviewDraft } from './reviews/review.ts'
import type { PostedReview } from './reviews/storePost.ts'
import type { KeyedWrite } from './table/mark.ts'

export { parseProduct, parseProductWithId } from './product/parseProduct.ts'
export type { ProductContent } from './product/product.ts'
export { type Upserted, upsertProduct } from './product/upsertProduct.ts'
export { parseVariantPatch } from './product/variantPatch.ts'
export { parseReviews } from './reviews/parseReviews.ts'
export { parseReview, type Review } from './reviews/review.ts'
export { parseReviewer } from './reviews/reviewer.ts'
export type { KeyedWrite } from './table/mark.ts'
export { toFaults } from './validation.ts'

/** The product after a write, and whether Redis confirmed that its entries are removed. */
export interface Written {
  value: Product
  version: number
  created: boolean
  invalidation: Invalidation
}

export interface WriteOptions {
  /** What the stored product must be like. Otherwise the write throws {@link PreconditionFailed}. */
  precondition?: Precondition
  /** Aborts the write. A request that is already sent may still be applied. */
  signal?: AbortSignal | undefined
}

export interface CreationOptions extends Pick<WriteOptions, 'signal'> {
  /** The id of the new product. */
  id?: string | undefined
  /** Identifies the write, if the caller sent a key. Repeating it creates nothing until it expires. */
  keyed?: KeyedWrite | undefined
}

/**
 * Opens the catalogue for writing. Each write first changes the table. Then it removes every cache entry that shows the
 * product, so that the next read loads the new state. `invalidation` reports the removal: `done`, or `deferred` if
 * Redis did not confirm it. This process delivers a deferred removal later. If the process ends first, the stream's
 * consumer removes the entries; where nothing follows the stream, they live until their ttl ends. The catalogue
 * connects with the first write, not before.
 *
 * A write throws the errors that its own function documents; see the links below. Errors of the SDK pass through
 * unchanged. If a write fails and certainly changed nothing, no entry is removed. After any other error the entries are
 * removed, since the write may have been applied.
 *
 * @example
 * ```ts
 * const catalog = openCatalogWrites()
 * const content = parseProductWithId('1', JSON.parse(body))
 * const { version } = await catalog.putProduct('1', content, { precondition: { match: [7] } })
 * ```
 *
 * @param config the default is read from the environment
 * @throws {Error} if an environment variable is missing; the message names it
 */
export function openCatalogWrites(config?: CatalogConfig) {
  const { db, table, write } = openCaches(config)
  return {
    /** Replaces a product, or creates it: see {@link putProduct}. */
    putProduct: (
      id: string,
      content: ProductContent,
      { precondition, signal }: WriteOptions = {},
    ): Promise<Written> => write(id, () => putProduct({ db, table, signal }, id, content, precondition)),
    /**
     * Creates a product: see {@link createProduct}. Without an `id` it generates one. The result of a repeated write
     * may have another id, and then no entry of the generated id exists.
     */
    createProduct: (
      content: ProductContent,
      { id = randomUUID(), keyed, signal }: CreationOptions = {},
    ): Promise<Written> => write(id, () => createProduct({ db, table, signal }, id, content, keyed)),
    /** Changes a product by a JSON merge patch: see {@link patchProduct}. */
    patchProduct: (
      id: string,
      patch: unknown,
      { precondition, signal }: WriteOptions = {},
    ): Promise<Written> => write(id, () => patchProduct({ db, table, signal }, id, patch, precondition)),
    /** Changes the price and stock of a variant: see {@link patchVariant}. */
    patchVariant: (
      id: string,
      sku: string,
      patch: VariantPatch,
      { signal, ...options }: VariantWriteOptions & Pick<WriteOptions, 'signal'> = {},
    ): Promise<Written> => write(id, () => patchVariant({ db, table, signal }, id, sku, patch, options)),
    /** Deletes a product and its reviews: see {@link deleteProduct}. */
    deleteProduct: (
      id: string,
      { precondition, signal }: WriteOptions = {},
    ): Promise<{ invalidation: Invalidation }> =>
      write(id, () => deleteProduct({ db, table, signal }, id, precondition)),
    /** Adds a review or a reply, or replaces the customer's review: see {@link postReview}. */
    postReview: (
      productId: string,
      draft: ReviewDraft,
      { keyed, signal }: { keyed?: KeyedWrite | undefined; signal?: AbortSignal | undefined } = {},
    ): Promise<PostedReview & { invalidation: Invalidation }> =>
      write(productId, () => postReview({ db, table, signal }, productId, draft, keyed)),
    /**
     * Removes a review with its thread, or a reply: see {@link deleteReview}. The entries are removed as soon as the
     * thread is hidden, before its replies are deleted. The deletion changes nothing that a read shows.
     */
    async deleteReview(
      productId: string,
      id: string,
      { signal, ...remover }: Remover & { signal?: AbortSignal | undefined },
    ): Promise<{ invalidation: Invalidation }> {
      const access = { db, table, signal }
      const { hidden, invalidation } = await write(productId, () =>
        deleteReview(access, productId, id, remover),
      )
      if (hidden) await clearThread(access, hidden)
      return { invalidation }
    },
    /** The DynamoDB client. Responses stored under idempotency keys are in the same database. */
    db,
  }
}
