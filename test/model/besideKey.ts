import { type Entry, filled, type Key, type KeyGuards, leased, type Request, type Token } from './key.ts'

// What the commands make of a side key, where an entry lies beside another one, which stands at the id's own key.

/** Which of the rules of side keys hold. */
export interface BesideGuards {
  leaseChecksMain: boolean
  fillChecksMain: boolean
  refusedFillEndsLease: boolean
}

/**
 * Asks for the lease of a side key, beside the entry with the fill `head`, of which `main` is the key.
 *
 * @returns `isGone`: that entry does not stand any more, and nothing was done
 */
export function leasedBeside(
  key: Key,
  main: Key,
  { head, ...request }: Request & { head: Token },
  guards: KeyGuards & BesideGuards,
): { key: Key; token?: Token; isGone?: boolean } {
  if (main.entry?.fill !== head && guards.leaseChecksMain) return { key, isGone: true }
  return leased(key, request, guards)
}

/**
 * Stores what was loaded beside the entry with the fill `head`, of which `main` is the key.
 *
 * @returns `stored`: where that entry still stands
 */
export function filledBeside(
  key: Key,
  main: Key,
  token: Token,
  { head, ...entry }: Omit<Entry, 'fill' | 'age' | 'of'> & { head: Token },
  guards: KeyGuards & BesideGuards,
): { key: Key; stored: boolean } {
  if (main.entry?.fill === head || !guards.fillChecksMain)
    return filled(key, token, { ...entry, of: head }, guards)
  // An entry that was being refreshed lies beside the one that is gone, and is good for nobody.
  const ends = key.lease === token && (guards.refusedFillEndsLease || !key.entry)
  return { key: ends ? {} : key, stored: false }
}
