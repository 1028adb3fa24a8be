/**
 * The largest body of an answer, bytes. Lambda takes 6 MB for an answer, which is JSON itself: so a body counts there
 * with its quotes and backslashes escaped, and the headers have to find room beside it.
 */
const largestBody = 5 * 1024 * 1024

/** How many of these JSON texts, from the first on, one answer has room for. */
export function howManyFit(texts: string[]): number {
  // No UTF-16 unit takes more than three bytes: mostly there is nothing to measure.
  if (texts.reduce((sum, { length }) => sum + length, 0) * 3 <= largestBody) return texts.length
  let room = largestBody
  const full = texts.findIndex((text) => {
    room -= Buffer.byteLength(JSON.stringify(text))
    return room < 0
  })
  return full < 0 ? texts.length : full
}
