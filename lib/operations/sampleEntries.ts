import type { EntryKind } from '../catalog/upkeep.ts'

/** The most keys that a scan for one kind of entries visits. */
const maxScannedKeys = 20_000

/**
 * Samples entries of each kind in equal parts, from a random position of the key space, so that every entry is
 * sampled over time. If one kind has too few entries, the other kinds fill the sample.
 */
export async function sampleEntries(
  kinds: EntryKind[],
  sample: number,
): Promise<{ kind: EntryKind; id: string }[]> {
  const found: { kind: EntryKind; ids: Set<string> }[] = []
  for (const kind of kinds) {
    const ids = new Set<string>()
    for await (const id of kind.scan({ anywhere: true, atMost: maxScannedKeys })) {
      if (ids.size >= sample) break
      ids.add(id)
    }
    found.push({ kind, ids })
  }
  // The smallest kind comes first, so that the others share what it leaves of the sample.
  found.sort((a, b) => a.ids.size - b.ids.size)
  let left = sample
  return found.flatMap(({ kind, ids }, index) => {
    const chosen = [...ids].slice(0, Math.ceil(left / (found.length - index)))
    left -= chosen.length
    return chosen.map((id) => ({ kind, id }))
  })
}
