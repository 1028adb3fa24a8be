/**
 * For how many seconds a CDN may serve a response: without revalidating it (`fresh`), while it revalidates it
 * (`revalidating`), and while this API fails (`onError`). `fresh` is the public staleness of the catalogue.
 */
const limits = { fresh: 10, revalidating: 30, onError: 600 }

/** Browsers revalidate every time and mostly get a 304. */
const formatCacheControl = (fresh: number, revalidating: number, onError: number) =>
  `public, max-age=0, s-maxage=${fresh}, stale-while-revalidate=${revalidating}, stale-if-error=${onError}`

const unbounded = formatCacheControl(limits.fresh, limits.revalidating, limits.onError)

/**
 * Returns the `Cache-Control` of a read (RFC 9111, RFC 5861). No cache may store the response past `until`.
 *
 * @param until when the content ends, in ms since the epoch; undefined if it does not end
 */
export function cacheControl(until: number | undefined, now = Date.now()): string {
  if (until === undefined) return unbounded
  // Rounded down, and never negative.
  const left = Math.max(0, Math.floor((until - now) / 1000))
  const fresh = Math.min(limits.fresh, left)
  const stale = left - fresh
  return formatCacheControl(fresh, Math.min(limits.revalidating, stale), Math.min(limits.onError, stale))
}
