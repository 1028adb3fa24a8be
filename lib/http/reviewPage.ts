/**
 * Takes the cursor of the next page out of a page of reviews, which is told in `Link` and not in the body. The text is
 * not parsed: the cursor stands last, and an item that looked like it would have its quotes escaped.
 *
 * @param text a ReviewPage as JSON
 */
export function withoutCursor(text: string): { body: string; next?: string } {
  if (text.endsWith(']}')) return { body: text }
  const name = ',"next":"'
  const at = text.lastIndexOf(name)
  return { body: `${text.slice(0, at)}}`, next: text.slice(at + name.length, -'"}'.length) }
}
