import { reviewKey } from '../catalog/upkeep.ts'
import type { Change, Image, Malformed } from './records.ts'

/** A removal of a product's entries. */
export interface Removal {
  id: string
  /** Entries that are at least as new stay; undefined: none stays. */
  version: number | undefined
  /** The first record that asks for it. */
  sequenceNumber: string | undefined
}

/**
 * The removals that a batch asks for, one for each product: of several rising versions the last counts, and where one
 * change needs all entries gone, so do all.
 *
 * A version that has risen spares entries that are as new: a write that removed its entries itself may have been read
 * and stored again by now. It says nothing, so that all entries go, where it did not rise (an edit that forgot it), is
 * none, where the item is gone, and of a review that was edited or put by hand. A review that the catalog stored came
 * with a risen version, whose own record removes what is older.
 *
 * @param malformed are of a product as well, where their keys can be read
 */
export function removalsOf(changes: Change[], malformed: Malformed[]): Removal[] {
  const removals = new Map<string, Removal>()
  const add = (pk: string, version: number | undefined, sequenceNumber: string | undefined) => {
    const id = idOf(pk)
    if (!id) return
    const other = removals.get(id)
    if (!other) removals.set(id, { id, version, sequenceNumber })
    else if (other.version !== undefined) other.version = version
  }
  for (const { pk, sequenceNumber } of malformed) if (pk !== undefined) add(pk, undefined, sequenceNumber)
  for (const change of changes)
    if (!cameWithProduct(change)) add(change.pk, risenVersion(change), change.sequenceNumber)
  return [...removals.values()]
}

/** The product's id in the key of its items; undefined in another one. */
export const idOf = (pk: string): string | undefined => /^PRODUCT#(.+)$/s.exec(pk)?.[1]

function risenVersion({ sk, before, after }: Change): number | undefined {
  if (sk !== 'PRODUCT' || !after) return undefined
  const version = versionIn(after)
  const old = before ? versionIn(before) : -1
  return version !== undefined && old !== undefined && version > old ? version : undefined
}

const versionIn = ({ version }: Image): number | undefined =>
  Number.isSafeInteger(version) && Number(version) >= 0 ? Number(version) : undefined

/** Whether a change is a review that was stored together with a higher version of its product. */
const cameWithProduct = ({ sk, before, after }: Change): boolean =>
  !before && typeof after?.versioned === 'string' && sk === reviewKey('', after.versioned).sk
