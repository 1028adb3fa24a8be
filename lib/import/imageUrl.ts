/**
 * Converts the image URL of another shop to one that a product may contain. `//host/x`, which Shopify exports, gets
 * `https:`. Characters that a product's image URL may not contain are escaped, such as the apostrophe in `women's.webp`.
 */
export const toImageUrl = (url: string): string =>
  url.replace(/^\/\/(?=[^/])/, 'https://').replace(/[ "'<>\\\p{Bidi_Control}]/gu, percentEncode)

const percentEncode = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('')
