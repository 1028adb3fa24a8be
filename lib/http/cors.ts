/** What scripts of a storefront may read beside the body. resources/http.yml says the same. */
const exposed = 'ETag, Link, Cache-Status, Location, Retry-After, Server-Timing'

/**
 * Makes the headers by which browsers let the scripts of storefronts read an answer (CORS, Fetch Standard): for a listed
 * origin its own name, never `*`. Without storefronts there are none.
 *
 * The gateway answers preflights, and writes these headers itself from the same list: on AWS, and here
 * resources/localServers.cjs in its place.
 *
 * @param origins such as `https://shop.example,https://m.shop.example`
 * @throws {Error} for what is no origin: it would never match, or match all
 */
export function corsHeaders(origins: string | undefined): (headers: Headers, origin?: string) => void {
  const allowed = new Set(origins ? origins.split(',') : [])
  for (const origin of allowed) {
    if (!isOrigin(origin))
      throw new Error(
        `STOREFRONT_ORIGINS: ${JSON.stringify(origin)} must be an origin such as https://shop.example: see the parameter storefrontOrigins`,
      )
  }
  if (allowed.size === 0) return () => {}
  return (headers, origin) => {
    // Also without an origin, and on 304 and problems: a CDN must not give the answer of one origin to another.
    headers.vary = 'Origin'
    if (origin === undefined || !allowed.has(origin)) return
    headers['access-control-allow-origin'] = origin
    headers['access-control-expose-headers'] = exposed
    // Else a page's performance entries are silent about Server-Timing.
    headers['timing-allow-origin'] = origin
  }
}

type Headers = Record<string, string>

/** Whether a text is an origin such as `https://shop.example`, without a path and without a slash at its end. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}
