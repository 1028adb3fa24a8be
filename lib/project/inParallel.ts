/**
 * Runs `work` for each item, at most `atOnce` at the same time. After `signal` has aborted it starts no further work.
 * It throws the first error that `work` throws.
 *
 * @returns the results in the order of the items; undefined for items whose work was not started
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
