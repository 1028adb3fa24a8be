/** Whether a text is a category: a path of one to eight slugs, the root first, such as `clothing/shoes`. */
export const isCategory = (text: string): boolean =>
  text.length <= 200 && /^[a-z0-9]+(-[a-z0-9]+)*(\/[a-z0-9]+(-[a-z0-9]+)*){0,7}$/.test(text)

/** Describes what {@link isCategory} accepts, for an error message. */
export const categoryGrammar = 'a path of slugs such as clothing/shoes'

/** Returns the name of a category, made of its last slug: `Hand bags` for `clothing/hand-bags`. */
export function categoryName(path: string): string {
  const words = path.slice(path.lastIndexOf('/') + 1).replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Returns a category and the categories above it, the root first. */
export const categoryPath = (category: string): { path: string; name: string }[] =>
  category
    .split('/')
    .map((_, depth, slugs) => slugs.slice(0, depth + 1).join('/'))
    .map((path) => ({ path, name: categoryName(path) }))
