import type { Call, Miss } from './call.ts'
import { type Entry, fillIn } from './redis/entry.ts'
import { besideKey, besideSchema } from './redis/keys.ts'

// Two releases that run side by side have entries of different schemas. One that is fresh is left alone by a reader of
// the other schema, who would otherwise drop it and be dropped in turn. That reader keeps its own beside it, at a key of
// the same slot, which names the very entry that it lies beside and is good only while that one stands: a removal of the
// one ends both, and no schema comes before the other.

/** From now on this miss is about the entry beside another one. */
export function stepAside<V>(call: Call<V>, miss: Miss<V>, other: Entry): void {
  const { schema } = call.cache.options
  const fill = fillIn(other)
  miss.beside = { key: miss.key, fill, isRead: false }
  miss.schema = besideSchema(schema, fill)
  miss.key = besideKey(miss.key, schema)
  forget(miss)
}

/** From now on it is about the id's own key again. */
export function stepBack<V>({ cache }: Call<V>, miss: Miss<V>): void {
  miss.key = miss.beside?.key ?? miss.key
  miss.schema = cache.options.schema
  delete miss.beside
  forget(miss)
}

/** What was found at the other key says nothing of this one. */
function forget(miss: Miss<unknown>): void {
  delete miss.stale
  delete miss.replaces
  delete miss.holder
  delete miss.least
}
