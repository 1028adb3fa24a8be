/** An image's url with the characters escaped that a product's may not hold, such as the apostrophe in `women's.webp`. */
export const imageUrl = (url: string): string =>
  url.replace(/[ "'<>\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
