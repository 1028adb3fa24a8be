import { isProductId } from '../product/id.ts'

/** Returns the id of the product at a position. */
export const idAt = (position: string): string => position.slice(position.indexOf('#') + 1)

/**
 * Whether a product's `listedAt` is a position. Another program may have stored any text there. It is left out of every
 * list, since it leads to no product, and could end a cache key or a cursor too early.
 */
export const isPosition = (listedAt: string): boolean =>
  /^[0-9TZ:.+-]{1,40}#/.test(listedAt) && isProductId(idAt(listedAt))
