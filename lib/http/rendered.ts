/** The most that is kept, in characters of one or two bytes: some thousand pages, and an eighth of a function's memory. */
const most = 32_000_000

/** Pages by the tag of what they show, those that were asked for last at the end. */
const pages = new Map<string, string>()
let kept = 0

/**
 * The page of a document: as it was rendered before, where this very document was. A page depends on nothing but its
 * document and the release, so it is as fresh as that; to parse and to render it costs several times the rest of a hit.
 *
 * @param tag a hash of the document, which no other one has
 */
export function rendered(tag: string, render: () => string): string {
  const known = pages.get(tag)
  const page = known ?? render()
  // It would drive the others out.
  if (page.length > most / 10) return page
  if (known === undefined) kept += page.length
  else pages.delete(tag)
  pages.set(tag, page)
  for (const [oldest, { length }] of pages) {
    if (kept <= most) break
    pages.delete(oldest)
    kept -= length
  }
  return page
}
