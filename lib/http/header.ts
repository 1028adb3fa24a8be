/** Treats a value that is not a string as missing. No gateway sends one. */
export const asString = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

/**
 * Returns a header by its lower-case name. API Gateway sends lower-case names; the local emulator leaves the case as
 * sent.
 */
export function getHeader(
  headers: Record<string, string | undefined> | undefined,
  name: string,
): string | undefined {
  if (!headers) return undefined
  if (headers[name] !== undefined) return asString(headers[name])
  // Most lookups are for headers that were not sent. Comparing the lengths first skips nearly all other headers.
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return asString(headers[key])
  }
  return undefined
}
