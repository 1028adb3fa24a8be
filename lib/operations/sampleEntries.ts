import type { Audited } from './audited.ts'

/** The most keys that are looked at for the sake of one cache. */
const mostKeys = 20_000

/**
 * Some entries of each cache in equal parts, from a random place on: over time every entry comes up. Where a cache has
 * fewer, the others have more.
 */
export async function sampleEntries(
  caches: Audited[],
  sample: number,
): Promise<{ audited: Audited; id: string }[]> {
  const found: { audited: Audited; ids: Set<string> }[] = []
  for (const audited of caches) {
    const ids = new Set<string>()
    for await (const id of audited.cache.scan({ anywhere: true, atMost: mostKeys })) {
      if (ids.size >= sample) break
      ids.add(id)
    }
    found.push({ audited, ids })
  }
  // The smallest first, so that what it does not need is shared by the others.
  found.sort((a, b) => a.ids.size - b.ids.size)
  let left = sample
  return found.flatMap(({ audited, ids }, index) => {
    const some = [...ids].slice(0, Math.ceil(left / (found.length - index)))
    left -= some.length
    return some.map((id) => ({ audited, id }))
  })
}
