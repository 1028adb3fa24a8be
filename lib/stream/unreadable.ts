import { isReadableProduct } from '../catalog/upkeep.ts'
import type { Change } from './records.ts'

/**
 * Returns the ids of the products that a batch leaves unreadable, each once. Another program wrote them. Every write to
 * the table passes the stream, so each of them is reported when it is written, whether or not it is ever read.
 */
export function unreadableIn(changes: Change[]): string[] {
  const ids = new Map<string, boolean>()
  for (const { pk, sk, after } of changes)
    if (sk === 'PRODUCT') ids.set(pk, after !== undefined && !isReadableProduct(after))
  return [...ids].flatMap(([pk, isUnreadable]) => (isUnreadable ? pk.slice(pk.indexOf('#') + 1) : []))
}
