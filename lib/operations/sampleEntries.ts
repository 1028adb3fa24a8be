import type { EntryKind } from '../catalog/upkeep.ts'

/** The most keys that are looked at for the sake of one kind. */
const mostKeys = 20_000

/**
 * Some entries of each kind in equal parts, from a random place on: over time every entry comes up. Where a kind has
 * fewer, the others have more.
 */
export async function sampleEntries(
  kinds: EntryKind[],
  sample: number,
): Promise<{ kind: EntryKind; id: string }[]> {
  const found: { kind: EntryKind; ids: Set<string> }[] = []
  for (const kind of kinds) {
    const ids = new Set<string>()
    for await (const id of kind.scan({ anywhere: true, atMost: mostKeys })) {
      if (ids.size >= sample) break
      ids.add(id)
    }
    found.push({ kind, ids })
  }
  // The smallest first, so that what it does not need is shared by the others.
  found.sort((a, b) => a.ids.size - b.ids.size)
  let left = sample
  return found.flatMap(({ kind, ids }, index) => {
    const some = [...ids].slice(0, Math.ceil(left / (found.length - index)))
    left -= some.length
    return some.map((id) => ({ kind, id }))
  })
}
