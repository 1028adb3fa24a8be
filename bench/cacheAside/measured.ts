/** What a measurement found. */
export interface Measured {
  /** One line of the printed table each, by its name. */
  rows: Record<string, Record<string, string | number>>
  /** The figures that something is demanded of, by what they are. */
  demands: Record<string, Demand>
  /** What else was found, by what it is. */
  notes?: Record<string, number>
}

export interface Demand {
  wanted: string
  measured: number
  met: boolean
}

/** Set by `--quick`, for the processes of a measurement as well. */
export const quickVariable = 'AISLE_BENCH_QUICK'

/** So many rounds, or three of them with `--quick`. */
export const roundsOf = (usual: number): number => (process.env[quickVariable] ? Math.min(3, usual) : usual)

/** What a measurement is given: tells what goes on, for a person who waits. */
export type Measure = (say: (what: string) => void) => Promise<Measured>

export const atLeast = (wanted: number, measured: number): Demand => ({
  wanted: `at least ${wanted}`,
  measured,
  met: measured >= wanted,
})

export const atMost = (wanted: number, measured: number): Demand => ({
  wanted: `at most ${wanted}`,
  measured,
  met: measured <= wanted,
})

export const exactly = (wanted: number, measured: number): Demand => ({
  wanted: `${wanted}`,
  measured,
  met: measured === wanted,
})

/** The value below which a share of them lies: 0.5 is the median, 0.99 the p99. NaN of none. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const median = (values: number[]) => quantile(values, 0.5)

export const round = (value: number, digits = 0) => Number(value.toFixed(digits))

/** @throws {Error} that says `what` took too long, after `ms` milliseconds */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
