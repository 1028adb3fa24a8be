/** A bare item of a structured field (RFC 9651), as far as Cache-Status has them. */
export type BareItem = number | boolean | string | { token: string }

/**
 * Parses a field of one item with parameters (RFC 9651, 4.2.3).
 *
 * @throws {Error} for what is none
 */
export function parseItem(text: string): { value: BareItem; parameters: Record<string, BareItem> } {
  const parameters: Record<string, BareItem> = {}
  let [value, rest] = bareItem(text)
  while (rest !== '') {
    const [whole, name = '', equals] = /^; *([a-z*][a-z0-9_\-.*]*)(=)?/.exec(rest) ?? []
    if (whole === undefined) throw new Error(`No parameter: ${rest}`)
    rest = rest.slice(whole.length)
    parameters[name] = true
    if (equals) [parameters[name], rest] = bareItem(rest)
  }
  return { value, parameters }
}

function bareItem(text: string): [BareItem, string] {
  const [number] = /^-?\d{1,15}/.exec(text) ?? []
  if (number !== undefined) return [Number(number), text.slice(number.length)]
  const [token] = /^[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*/.exec(text) ?? []
  if (token !== undefined) return [{ token }, text.slice(token.length)]
  const [string] = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/.exec(text) ?? []
  if (string !== undefined) return [string.slice(1, -1).replace(/\\(.)/g, '$1'), text.slice(string.length)]
  throw new Error(`No item: ${text}`)
}
