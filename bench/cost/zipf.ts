/**
 * What Zipf's law says of a catalogue: the product of rank i is asked for with a probability in proportion to i^-s.
 * For any number of products: the first ranks one by one, the rest as an integral.
 */
export interface Zipf {
  products: number
  /** The exponent: 0.6 to 1.1 in most measurements of what people ask for. */
  s: number
}

const exact = 10_000

/** The sum of f over the ranks 1 to n, where f changes slowly beyond the first ten thousand. */
export function sumOverRanks(n: number, f: (rank: number) => number): number {
  let sum = 0
  for (let rank = 1; rank <= Math.min(n, exact); rank++) sum += f(rank)
  if (n <= exact) return sum
  // Simpson's rule over the logarithm of the rank; each rank reaches half a rank to both sides.
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

/** The sum of all weights up to a rank: a generalized harmonic number. */
export const harmonic = (n: number, s: number): number => sumOverRanks(n, (rank) => rank ** -s)

/** The share of the requests that the product of a rank gets. */
export const share = ({ products, s }: Zipf, rank: number): number => rank ** -s / harmonic(products, s)

/** How many of the most asked products together get this share of the requests. */
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
 * The hit ratio of a cache that is large enough, whose entries live for `ttl` seconds from their load. After each miss
 * an entry answers all that come within its life: rate * ttl of them.
 */
export function hitRatio(zipf: Zipf, rate: number, ttl: number): number {
  const all = harmonic(zipf.products, zipf.s)
  return sumOverRanks(zipf.products, (rank) => {
    const p = rank ** -zipf.s / all
    const answered = rate * p * ttl
    return (p * answered) / (1 + answered)
  })
}

/** How many different products are asked for within some requests: so many loads does an empty cache cost. */
export function distinct(zipf: Zipf, requests: number): number {
  const all = harmonic(zipf.products, zipf.s)
  return sumOverRanks(zipf.products, (rank) => -Math.expm1((-requests * rank ** -zipf.s) / all))
}
