/**
 * Returns the function that builds the keys of a cache: `prefix:{id}:name:2`. In a cluster, the text in
 * braces decides the slot, so all entries of an id share a slot. An id that begins with `}` would leave the
 * braces empty, so it gets a backslash in front. An id that begins with a backslash gets one too, so that no
 * two ids share a key.
 *
 * The returned function throws a TypeError for an id that is empty or not well-formed Unicode: two such ids
 * could become the same bytes.
 */
export function keyBuilder(prefix: string, name: string): (id: string) => string {
  const before = `${prefix}:{`
  const after = `}${keySuffix(name)}`
  return (id) => {
    if (id === '' || !id.isWellFormed())
      throw new TypeError(`${JSON.stringify(id)} is not an id: it must be well-formed Unicode and not empty`)
    const first = id.charCodeAt(0)
    return first === closingBrace || first === backslash ? `${before}\\${id}${after}` : before + id + after
  }
}

const closingBrace = 125
const backslash = 92

/**
 * The version of the entry format, at the end of each key. Releases with different formats do not share
 * entries.
 */
const format = ':2'

/** Returns what follows the braces in the keys of a cache. */
export const keySuffix = (name: string): string => `:${name}${format}`

/**
 * Returns the side key of an id: the key under which a reader of this schema stores its own entry, while a fresh
 * entry of another schema is stored under the main key. It adds no braces, because braces decide the slot.
 */
export const sideKey = (mainKey: string, schema: string): string =>
  `${mainKey}:${encodeURIComponent(schema)}:beside`

/**
 * Returns the schema that a side entry carries. It names the fill of the main entry, so the side entry
 * matches only while that main entry exists.
 */
export const sideSchema = (schema: string, mainFillId: string): string => `${schema}@${mainFillId}`

/**
 * Returns the key under which the release before this format stores the same entry. Removals delete that key
 * too.
 */
export const formerKey = (key: string): string => key.slice(0, -format.length)

/** Returns the part that all keys of one id share. */
export const sharedPart = (key: string): string => key.slice(0, key.lastIndexOf('}'))

/** Returns the id from the text between the braces of a key. */
export const parseId = (braced: string): string => (braced.startsWith('\\') ? braced.slice(1) : braced)
