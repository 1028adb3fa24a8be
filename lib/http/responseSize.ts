/**
 * The largest body of a response, bytes. Lambda accepts 6 MB for a response. It sends the response as JSON, so the
 * quotes and backslashes of the body count with their escapes, and the headers share the same 6 MB.
 */
const maxBodyBytes = 5 * 1024 * 1024

/** Counts how many of these JSON texts, from the first on, fit into one response. */
export function countThatFit(texts: string[]): number {
  // A UTF-16 code unit takes at most three bytes, so most lists need no exact measurement.
  if (texts.reduce((sum, { length }) => sum + length, 0) * 3 <= maxBodyBytes) return texts.length
  let room = maxBodyBytes
  const firstTooMany = texts.findIndex((text) => {
    room -= Buffer.byteLength(JSON.stringify(text))
    return room < 0
  })
  return firstTooMany < 0 ? texts.length : firstTooMany
}
