/**
 * The most characters that are stored, of one or two bytes each: some thousand pages, and an eighth of the function's
 * memory.
 */
const maxCharacters = 32_000_000

/** Rendered pages by the tag of their document, the least recently requested first. */
const pages = new Map<string, string>()
let storedCharacters = 0

/**
 * Returns the page of a document, and renders it only if this document was not rendered before. A page depends only
 * on its document and the release, so a stored page is as fresh as its document. Parsing and rendering a document
 * costs several times the rest of a hit.
 *
 * @param tag a hash of the document, which no other document has
 */
export function renderCached(tag: string, render: () => string): string {
  const cached = pages.get(tag)
  const page = cached ?? render()
  // A page this large would evict too many others.
  if (page.length > maxCharacters / 10) return page
  if (cached === undefined) storedCharacters += page.length
  else pages.delete(tag)
  pages.set(tag, page)
  for (const [oldest, { length }] of pages) {
    if (storedCharacters <= maxCharacters) break
    pages.delete(oldest)
    storedCharacters -= length
  }
  return page
}
