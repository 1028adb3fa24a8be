/**
 * For how many seconds a CDN may serve an answer without asking, while it asks, and while we fail: the first is the public
 * staleness of the catalog.
 */
const shared = { fresh: 10, whileAsking: 30, onError: 600 }

/** Browsers ask each time, and mostly hear 304. */
const cacheControlOf = (fresh: number, whileAsking: number, onError: number) =>
  `public, max-age=0, s-maxage=${fresh}, stale-while-revalidate=${whileAsking}, stale-if-error=${onError}`

const usual = cacheControlOf(shared.fresh, shared.whileAsking, shared.onError)

/**
 * For how long an answer may be kept (RFC 9111, RFC 5861): never past the moment at which what it says ends.
 *
 * @param until ms since the epoch; undefined where it does not end
 */
export function cacheControl(until: number | undefined, now = Date.now()): string {
  if (until === undefined) return usual
  // Rounded down, and none below zero.
  const left = Math.max(0, Math.floor((until - now) / 1000))
  const fresh = Math.min(shared.fresh, left)
  const stale = left - fresh
  return cacheControlOf(fresh, Math.min(shared.whileAsking, stale), Math.min(shared.onError, stale))
}
