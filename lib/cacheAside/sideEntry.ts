import type { Call, Miss, Side } from './call.ts'
import { type Entry, getFillId } from './redis/entry.ts'
import { sideKey, sideSchema } from './redis/keys.ts'

// Two releases that run side by side can have entries of different schemas. If the reader of one schema
// replaced a fresh entry of the other, the two would replace each other's entries all the time. So a reader
// leaves a fresh entry of another schema alone, and stores its own entry under a side key in the same slot. The
// side entry names the fill of the main entry, and is valid only while that very main entry exists: a removal
// of the main entry ends both, and no schema has priority.

/** Switches a miss to the side key, because the main key holds this fresh entry of another schema. */
export function useSideEntry<V>(call: Call<V>, miss: Miss<V>, main: Entry): void {
  const { schema } = call.cache.options
  const mainFillId = getFillId(main)
  miss.side = { mainKey: miss.key, mainFillId, isRead: false }
  miss.schema = sideSchema(schema, mainFillId)
  miss.key = sideKey(miss.key, schema)
  forgetFindings(miss)
}

/** Switches a miss back to the main key. */
export function useMainEntry<V>({ cache }: Call<V>, miss: Miss<V>): void {
  miss.key = miss.side?.mainKey ?? miss.key
  miss.schema = cache.options.schema
  delete miss.side
  forgetFindings(miss)
}

/** Forgets what was found under the other key. */
function forgetFindings(miss: Miss<unknown>): void {
  delete miss.stale
  delete miss.staleForeignFill
  delete miss.otherToken
  delete miss.minVersion
}

/**
 * Returns the keys that may hold something older: the miss's own key, and with a side entry also the main
 * key.
 */
export const keysToRemove = (key: string, side: Side | undefined): string[] =>
  side ? [side.mainKey, key] : [key]
