import { WriteConflict } from '../errors.ts'
import type { Stored } from '../table/items.ts'

const maxAttempts = 5

/** The result of one attempt: `done`, or a conflict, with the item that was `found` in place of the expected one. */
export type AttemptResult<T> = { done: T } | { found: Stored | undefined }

/**
 * Runs a conditional write of a product, and retries it on what other writers have stored meanwhile. So no writer
 * overwrites an update that it has not seen.
 *
 * @param seen the item that the writer last saw at the product's key; undefined if it saw none
 * @param write writes on condition that `current` is still stored
 * @throws {WriteConflict} if each of five attempts conflicted with another writer; and what `write` throws
 */
export async function retryOnConflict<T>(
  id: string,
  seen: Stored | undefined,
  write: (current: Stored | undefined) => Promise<AttemptResult<T>>,
): Promise<T> {
  let current = seen
  for (let n = 0; n < maxAttempts; n++) {
    const result = await write(current)
    if ('done' in result) return result.done
    current = result.found
  }
  throw new WriteConflict(`All ${maxAttempts} attempts to write product ${id} conflicted with other writers`)
}
