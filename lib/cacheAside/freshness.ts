import type { Entry } from './redis/entry.ts'

type Times = Pick<Entry, 'loadedAt' | 'freshMs' | 'until'>

/**
 * Returns the age of a value in ms. It is never negative, even if the loader's clock is ahead of this one.
 */
export const ageOf = ({ loadedAt }: Pick<Entry, 'loadedAt'>, now = Date.now()) => Math.max(0, now - loadedAt)

/** Returns how long an entry stays fresh, in ms; 0 or negative if it is not fresh. */
export const freshMsLeft = (entry: Times, now = Date.now()) =>
  Math.min(entry.freshMs - ageOf(entry, now), entry.until - now)

/**
 * Returns how long an entry can be served that may be stale for up to `ms`, in ms; 0 or negative if it cannot
 * be served.
 */
export const staleMsLeft = (entry: Times, ms: number, now = Date.now()) =>
  Math.min(entry.freshMs + ms - ageOf(entry, now), entry.until - now)
