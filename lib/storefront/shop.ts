import { isOrigin } from '../http/cors.ts'

/** The shop of the sample catalogue. A team that starts from here begins with this file. */
export const shop = {
  name: 'Larch & Lull',
  /** Under the name on the first page, and its description to search engines. */
  claim: 'Good things for a slow house',
  about: 'Kettles, lamps, throws and tools from small makers. Few of them, made well, and meant to stay.',
}

/** In which dates and prices are written; what the pages say is written in it as well. */
export const locale = 'en-GB'

/**
 * Where the shop is to be found, such as `https://shop.example`; '' where nobody said, and then links stay without it.
 * From the configuration and never from a request, whose `Host` anybody may choose.
 */
export const origin = originOf(process.env.STOREFRONT_URL)

/** @throws {Error} for what is no origin */
function originOf(url: string | undefined): string {
  if (!url) return ''
  if (isOrigin(url)) return url
  throw new Error(
    `STOREFRONT_URL: ${url} must be an origin such as https://shop.example: see the parameter storefrontUrl`,
  )
}
