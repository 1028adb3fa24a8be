import { isProductId } from '../product/id.ts'
import { productKey } from '../table/keys.ts'

/** What the index `byCategory` holds of an item: its key in the table, and its `listedAt`. */
export interface IndexKey {
  pk: string
  listedAt: string
}

/** Returns the id of the product at a position. */
export const idAt = (position: string): string => position.slice(position.indexOf('#') + 1)

/**
 * Whether the `listedAt` of an item is the position of that very product. Another program may have stored any text
 * there, or copied an item together with its `listedAt`. Such an item is left out of every list: the text leads to no
 * product, and could end a cache key or a cursor too early, and the copy leads to a product that has a place of its own.
 */
export const isPosition = ({ pk, listedAt }: IndexKey): boolean =>
  /^[0-9TZ:.+-]{1,40}#/.test(listedAt) && isProductId(idAt(listedAt)) && pk === productKey(idAt(listedAt)).pk
