/** Returns the value below which this share of the values lies: 0.5 is the median, 0.99 the p99. NaN without values. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const median = (values: number[]) => quantile(values, 0.5)

export const round = (value: number, digits = 0) => Number(value.toFixed(digits))
