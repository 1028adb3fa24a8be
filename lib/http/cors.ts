/** The headers that scripts of a storefront may read. resources/http.yml has the same list. */
const exposed = 'ETag, Link, Cache-Status, Location, Retry-After, Server-Timing'

/**
 * Returns a function that sets the CORS headers of a response (Fetch Standard), with which a browser lets the scripts
 * of a storefront read it. A listed origin gets its own name, never `*`. With no storefronts the function sets
 * nothing.
 *
 * The gateway answers preflight requests and sets the same headers from the same list. On AWS that is API Gateway;
 * locally resources/localServers.cjs takes its place.
 *
 * @param origins such as `https://shop.example,https://m.shop.example`
 * @throws {Error} if an entry is not an origin: it would match no request, or every request
 */
export function corsHeaders(origins: string | undefined): (headers: Headers, origin?: string) => void {
  const allowed = new Set(origins ? origins.split(',') : [])
  for (const origin of allowed) {
    if (!isOrigin(origin))
      throw new Error(
        `STOREFRONT_ORIGINS: ${JSON.stringify(origin)} must be an origin such as https://shop.example. Correct STOREFRONT_ORIGINS (on AWS the parameter storefrontOrigins)`,
      )
  }
  if (allowed.size === 0) return () => {}
  return (headers, origin) => {
    // Set on 304 and on problems too, and for requests without an origin: otherwise a CDN could serve the response
    // for one origin to another.
    headers.vary = 'Origin'
    if (origin === undefined || !allowed.has(origin)) return
    headers['access-control-allow-origin'] = origin
    headers['access-control-expose-headers'] = exposed
    // Without it the performance entries of a page leave out Server-Timing.
    headers['timing-allow-origin'] = origin
  }
}

type Headers = Record<string, string>

/**
 * Whether a text is one origin such as `https://shop.example`, without a path and without a trailing slash. A wildcard
 * is refused: a URL may contain it, and the gateway would take `https://*` for every origin.
 */
export function isOrigin(text: string): boolean {
  return (
    /^https?:\/\/(\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)*)(:\d+)?$/.test(text) && URL.parse(text)?.origin === text
  )
}
