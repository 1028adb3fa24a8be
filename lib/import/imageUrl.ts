/** Escapes the characters that a product's image URL may not contain, such as the apostrophe in `women's.webp`. */
export const escapeImageUrl = (url: string): string =>
  url.replace(/[ "'<>\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
