import { WriteConflict } from '../errors.ts'
import type { Stored } from '../table/items.ts'

/** How often a writer begins, the first time included. */
const attempts = 5

/** What came of one try: it is done, or something else was found than its writer saw. */
export type Try<T> = { done: T } | { found: Stored | undefined }

/**
 * Does a write that is conditional on what its writer saw, and again on what others have left there meanwhile. So two
 * writers never lose an update.
 *
 * @param seen what stands at the product's key, as far as the writer knows
 * @throws {WriteConflict} when each of five tries met another writer; and what a try throws
 */
export async function onWhatStands<T>(
  id: string,
  seen: Stored | undefined,
  write: (current: Stored | undefined) => Promise<Try<T>>,
): Promise<T> {
  let current = seen
  for (let n = 0; n < attempts; n++) {
    const tried = await write(current)
    if ('done' in tried) return tried.done
    current = tried.found
  }
  throw new WriteConflict(`Others wrote product ${id} meanwhile, ${attempts} times in a row`)
}
