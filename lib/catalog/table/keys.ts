/**
 * The keys of the table's items. The catalogue is one table; most items have the product as `pk` and their kind as
 * `sk`.
 *
 *     pk          sk                     item
 *     PRODUCT#1   PRODUCT                the product, or the tombstone of a deleted product
 *     PRODUCT#1   REVIEW#<id>            a review of the product, or a reply
 *     PRODUCT#1   REVIEWER#<hash>        which review of the product a customer wrote: `reviewId`
 *     PRODUCT#1   COUNTED                the category that the product is counted in
 *     WRITE#<id>  WRITE                  the mark of a completed write with an idempotency key; expires after 24 hours
 *     CATEGORIES  <path>                 the number of products with exactly this category
 *     TOP         PRODUCTS               the most-read list
 *     SECRET      CURSOR                 the key that signs cursors
 *     DEADLETTER  <sequence number>      a stream record that could not be read; expires after two weeks
 *
 * Index `byCategory`: `category`, then `listedAt`. It holds the products of a category, ordered by age.
 * Index `byThread`: a product's reviews, thread by thread; see ../reviews/thread.ts. It is a local index, so reads can
 * be strongly consistent.
 */

/** The key of a product's item. */
export const productKey = (id: string) => ({ pk: `PRODUCT#${id}`, sk: 'PRODUCT' })

/** Returns the id of the product that an item with this `pk` belongs to. */
export const productIdIn = (pk: unknown): string => String(pk).slice('PRODUCT#'.length)

/** The key of a review. */
export const reviewKey = (productId: string, reviewId: string) => ({
  pk: `PRODUCT#${productId}`,
  sk: `REVIEW#${reviewId}`,
})

/** The key of a customer's pointer to the own review. @param subject the hash of the token's subject */
export const reviewerKey = (productId: string, subject: string) => ({
  pk: `PRODUCT#${productId}`,
  sk: `REVIEWER#${subject}`,
})

/** What the `sk` of every review and of every pointer to a review begins with. */
export const reviewItemsPrefix = 'REVIEW'

/** The key of the mark that a completed write leaves. */
export const markKey = (writeId: string) => ({ pk: `WRITE#${writeId}`, sk: 'WRITE' })

/** The key of the item that records which category a product is counted in. */
export const countedKey = (productId: string) => ({ pk: `PRODUCT#${productId}`, sk: 'COUNTED' })

/** The key of a category's counter. */
export const categoriesKey = (path: string) => ({ pk: 'CATEGORIES', sk: path })

export const mostReadListKey = { pk: 'TOP', sk: 'PRODUCTS' }

export const cursorSecretKey = { pk: 'SECRET', sk: 'CURSOR' }

export const deadLetterKey = (name: string) => ({ pk: 'DEADLETTER', sk: name })
