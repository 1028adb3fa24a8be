/**
 * A catalogue whose readers follow Zipf's law: the probability of the product of rank i is proportional to i^-s. The
 * functions below work for any number of products. They sum the first ranks one by one and integrate over the rest.
 */
export interface Zipf {
  products: number
  /** The exponent: 0.6 to 1.1 in most measurements of what people request. */
  s: number
}

/** How many ranks are summed one by one. */
const exact = 10_000

/** Returns the sum of f over the ranks 1 to n. Beyond the first ten thousand ranks, f must change slowly. */
export function sumOverRanks(n: number, f: (rank: number) => number): number {
  let sum = 0
  for (let rank = 1; rank <= Math.min(n, exact); rank++) sum += f(rank)
  if (n <= exact) return sum
  // Simpson's rule over the logarithm of the rank. Each rank covers half a rank on either side.
  const from = Math.log(exact + 0.5)
  const steps = 2000
  const step = (Math.log(n + 0.5) - from) / steps
  for (let at = 0; at <= steps; at++) {
    const rank = Math.exp(from + at * step)
    const weight = at === 0 || at === steps ? 1 : at % 2 === 1 ? 4 : 2
    sum += (weight * step * rank * f(rank)) / 3
  }
  return sum
}

/** Returns the sum of all weights up to a rank: a generalized harmonic number. */
export const harmonic = (n: number, s: number): number => sumOverRanks(n, (rank) => rank ** -s)

/** Returns the share of all requests that go to the product of a rank. */
export const share = ({ products, s }: Zipf, rank: number): number => rank ** -s / harmonic(products, s)

/** Returns how many of the most requested products together receive this share of the requests. */
export function ranksFor(zipf: Zipf, wanted: number): number {
  const all = harmonic(zipf.products, zipf.s)
  let low = 1
  let high = zipf.products
  while (high / low > 1.0001 && high - low > 1) {
    const middle = Math.sqrt(low * high)
    if (harmonic(middle, zipf.s) / all >= wanted) high = middle
    else low = middle
  }
  return high
}

/**
 * Returns the hit ratio of a cache with enough memory whose entries live for `ttl` seconds from their load. After each
 * miss, the entry answers all requests for its product within its ttl: rate * p * ttl of them.
 */
export function hitRatio(zipf: Zipf, rate: number, ttl: number): number {
  const all = harmonic(zipf.products, zipf.s)
  return sumOverRanks(zipf.products, (rank) => {
    const p = rank ** -zipf.s / all
    const answered = rate * p * ttl
    return (p * answered) / (1 + answered)
  })
}

/** Returns how many different products this number of requests reads: that is how many loads an empty cache needs. */
export function distinct(zipf: Zipf, requests: number): number {
  const all = harmonic(zipf.products, zipf.s)
  return sumOverRanks(zipf.products, (rank) => -Math.expm1((-requests * rank ** -zipf.s) / all))
}
