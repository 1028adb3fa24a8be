/**
 * Formats milliseconds with two decimals, as a number that JSON and Server-Timing accept. It uses whole numbers: V8
 * takes several times as long to format a fraction.
 *
 * @param ms not negative
 */
export function toFixed2(ms: number): string {
  const total = Math.round(ms * 100)
  const rest = total % 100
  return rest < 10 ? `${(total - rest) / 100}.0${rest}` : `${(total - rest) / 100}.${rest}`
}

/** {@link toFixed2} with one decimal. */
export function toFixed1(ms: number): string {
  const total = Math.round(ms * 10)
  const rest = total % 10
  return `${(total - rest) / 10}.${rest}`
}
