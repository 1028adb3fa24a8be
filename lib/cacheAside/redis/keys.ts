/**
 * Makes the keys of a cache: `prefix:{id}:name:2`. What stands in the braces decides the slot of a cluster, so all entries
 * of an id share one. An id that begins with `}` would leave them empty; it gets a backslash, and so does one that begins
 * with a backslash, so that no two ids meet.
 *
 * @throws {TypeError} (what is returned) for an id that is empty or no well-formed Unicode: two such could become the same bytes
 */
export function keysOf(prefix: string, name: string): (id: string) => string {
  const before = `${prefix}:{`
  const after = `}${suffixOf(name)}`
  return (id) => {
    if (id === '' || !id.isWellFormed())
      throw new TypeError(`${JSON.stringify(id)} is not an id: it must be well-formed and not empty`)
    const first = id.charCodeAt(0)
    return first === closing || first === backslash ? `${before}\\${id}${after}` : before + id + after
  }
}

const closing = 125
const backslash = 92

/** The version of the entries' format, at the end of each key: releases with different ones leave each other's entries alone. */
const format = ':2'

/** What follows the braces in the keys of a cache. */
export const suffixOf = (name: string): string => `:${name}${format}`

/** Where a reader of another schema keeps its own entry of the same id, in the same slot. Braces decide the slot, so none may follow. */
export const besideKey = (key: string, schema: string): string =>
  `${key}:${encodeURIComponent(schema)}:beside`

/** The schema of an entry that is kept beside another one: it names that one, so it does not match beside any other. */
export const besideSchema = (schema: string, fill: string): string => `${schema}@${fill}`

/** The key under which the release before this format keeps the same entry; removals take it along. */
export const formerKey = (key: string): string => key.slice(0, -format.length)

/** What the keys of one id have in common. */
export const slotTag = (key: string): string => key.slice(0, key.lastIndexOf('}'))

/** The id in what stands between the braces. */
export const idIn = (tag: string): string => (tag.startsWith('\\') ? tag.slice(1) : tag)
