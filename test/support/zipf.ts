/** Returns a generator of numbers from 0 to `count` - 1 by Zipf's law with exponent 1: n is 1/(n + 1) times as likely as 0. */
export function zipf(count: number): () => number {
  const sums: number[] = []
  for (let n = 0, sum = 0; n < count; n++) {
    sum += 1 / (n + 1)
    sums.push(sum)
  }
  return () => {
    const at = Math.random() * (sums.at(-1) ?? 0)
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) < at) low = middle + 1
      else high = middle
    }
    return low
  }
}
