/** Does something for each item, so many at the same time, and begins no more of it once `signal` has ended it. */
export async function inParallel<T>(
  items: readonly T[],
  { atOnce, signal }: { atOnce: number; signal: AbortSignal },
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const run = async () => {
    for (;;) {
      const item = items[next]
      if (next >= items.length || signal.aborted) return
      next++
      await work(item as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run))
}
