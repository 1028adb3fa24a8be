/**
 * Does something with each of many, so many at a time, and begins no more of it once `signal` has ended it. Throws what the
 * first to fail throws.
 *
 * @returns the results in the order of the items; undefined for what was not begun
 */
export async function inParallel<T, R>(
  items: readonly T[],
  { atOnce, signal }: { atOnce: number; signal?: AbortSignal },
  work: (item: T) => Promise<R>,
): Promise<(R | undefined)[]> {
  const results: (R | undefined)[] = Array.from({ length: items.length })
  let next = 0
  const run = async () => {
    while (next < items.length && !signal?.aborted) {
      const at = next++
      results[at] = await work(items[at] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run))
  return results
}
