import { isOrigin } from '../http/cors.ts'

/** The shop of the sample catalogue. To make a shop of your own, start with this file. */
export const shop = {
  name: 'Larch & Lull',
  /** The heading of the home page. */
  claim: 'Good things for a slow house',
  /** The text below that heading, and the default description for search engines. */
  about: 'Kettles, lamps, throws and tools from small makers. Few of them, made well, and meant to stay.',
}

/** The locale of dates and prices, and the language of the pages' own text. */
export const locale = 'en-GB'

/**
 * The shop's public origin, for example `https://shop.example`, or '' if it is not configured. Pages for search engines
 * then leave out their addresses. It comes from the configuration and never from a request: a client can send any
 * `Host`, and a shared cache would serve that page to everybody.
 */
export const origin = parseOrigin(process.env.STOREFRONT_URL)

/** @throws {Error} if the URL is not an origin */
function parseOrigin(url: string | undefined): string {
  if (!url) return ''
  if (isOrigin(url)) return url
  throw new Error(
    `STOREFRONT_URL is ${url}, but it must be an origin such as https://shop.example. Correct the parameter storefrontUrl`,
  )
}
