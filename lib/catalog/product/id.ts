/**
 * Whether a text is a product id: 1 to 128 ASCII letters, digits, `.`, `_`, `~` or `-`, starting with a letter or digit.
 *
 * Ids are ASCII only, so that an id has one normal form and one spelling in a URL, a cache key and a table key.
 */
export const isProductId = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/.test(text)

/** Describes what {@link isProductId} accepts, for an error message. */
export const productIdGrammar = '1 to 128 letters, digits or . _ ~ -, starting with a letter or digit'
