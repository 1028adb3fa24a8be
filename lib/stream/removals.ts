import { reviewKey } from '../catalog/upkeep.ts'
import type { Change, Image, Malformed } from './records.ts'

/** A removal of a product's entries. */
export interface Removal {
  id: string
  /** Entries of at least this version stay. If it is undefined, all entries are removed. */
  version: number | undefined
  /** The first record that requires the removal. */
  sequenceNumber: string | undefined
}

/**
 * Returns the removals that a batch requires, one per product. If several changes of a product have rising versions,
 * the last version counts. If one change requires the removal of all entries, all are removed.
 *
 * If the version has risen, entries that are at least as new stay: the writer may have removed the entries itself, and
 * a reader may have loaded and stored the product since. In these cases the version proves nothing, so all entries are
 * removed:
 * - The version did not rise, since an edit left it unchanged.
 * - There is no version, since the item is gone.
 * - A review was edited, or was put by hand.
 *
 * A review that the catalogue stored, replaced or removed requires no removal of its own. It came with a higher version
 * of its product, whose own record removes the older entries. If the catalogue deletes the item of a reply, the record
 * does not show who deleted it, so all entries are removed.
 *
 * @param malformed if the keys of a record can be read, it requires the removal of all entries of its product
 */
export function removalsOf(changes: Change[], malformed: Malformed[]): Removal[] {
  const removals = new Map<string, Removal>()
  const add = (pk: string, version: number | undefined, sequenceNumber: string | undefined) => {
    const id = idOf(pk)
    if (!id) return
    const earlier = removals.get(id)
    if (!earlier) removals.set(id, { id, version, sequenceNumber })
    else if (earlier.version !== undefined) earlier.version = version
  }
  for (const { pk, sequenceNumber } of malformed) if (pk !== undefined) add(pk, undefined, sequenceNumber)
  for (const change of changes)
    if (!isReviewWrittenWithProduct(change)) add(change.pk, risenVersion(change), change.sequenceNumber)
  return [...removals.values()]
}

/** Returns the product id in the `pk` of an item; undefined if the item belongs to no product. */
const idOf = (pk: string): string | undefined => /^PRODUCT#(.+)$/s.exec(pk)?.[1]

/** Returns the product's new version if it has risen. */
function risenVersion({ sk, before, after }: Change): number | undefined {
  if (sk !== 'PRODUCT' || !after) return undefined
  const version = versionIn(after)
  const old = before ? versionIn(before) : -1
  return version !== undefined && old !== undefined && version > old ? version : undefined
}

const versionIn = ({ version }: Image): number | undefined =>
  Number.isSafeInteger(version) && Number(version) >= 0 ? Number(version) : undefined

/**
 * Whether a change of a review was made in one transaction with a higher version of its product: a new review, or one
 * that another write of the catalogue has replaced or removed. An edit by hand leaves `writeId` as it was. Nothing
 * shows a removed review, so what happens to its item later is not a change either.
 */
function isReviewWrittenWithProduct({ sk, before, after }: Change): boolean {
  if (before?.removed !== undefined && (!after || after.removed !== undefined)) return true
  if (typeof after?.versioned !== 'string' || sk !== reviewKey('', after.versioned).sk) return false
  return !before || (typeof after.writeId === 'string' && after.writeId !== before.writeId)
}
