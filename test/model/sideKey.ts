import {
  type Entry,
  fillEntry,
  type Key,
  type KeyGuards,
  type Request,
  type Token,
  takeLease,
} from './key.ts'

// Models the commands on a side key. A side entry belongs to one entry of another schema at the id's main key.

/** Which rules of side keys hold. */
export interface SideGuards {
  leaseChecksMain: boolean
  fillChecksMain: boolean
  refusedFillEndsLease: boolean
}

/**
 * Asks for the lease of a side key.
 *
 * @param main the main key, which must hold the entry with the fill `mainFillId`
 * @returns `isGone`: that entry is no longer in place, and nothing was done
 */
export function takeSideLease(
  key: Key,
  main: Key,
  { mainFillId, ...request }: Request & { mainFillId: Token },
  guards: KeyGuards & SideGuards,
): { key: Key; token?: Token; isGone?: boolean } {
  if (main.entry?.fillId !== mainFillId && guards.leaseChecksMain) return { key, isGone: true }
  return takeLease(key, request, guards)
}

/**
 * Stores a side entry.
 *
 * @param main the main key, which must hold the entry with the fill `mainFillId`
 * @returns `stored`: false if that entry is no longer in place
 */
export function fillSideEntry(
  key: Key,
  main: Key,
  token: Token,
  { mainFillId, ...entry }: Omit<Entry, 'fillId' | 'age' | 'of'> & { mainFillId: Token },
  guards: KeyGuards & SideGuards,
): { key: Key; stored: boolean } {
  if (main.entry?.fillId === mainFillId || !guards.fillChecksMain)
    return fillEntry(key, token, { ...entry, of: mainFillId }, guards)
  // A side entry that was being refreshed belongs to the entry that is gone, so no reader can use it.
  const endsLease = key.lease === token && (guards.refusedFillEndsLease || !key.entry)
  return { key: endsLease ? {} : key, stored: false }
}
