/**
 * Milliseconds as a decimal with two digits, and with one, which JSON and Server-Timing both take for a number. Put
 * together from whole numbers: a fraction takes V8 several times as long to write.
 *
 * @param ms not negative
 */
export function hundredths(ms: number): string {
  const all = Math.round(ms * 100)
  const rest = all % 100
  return rest < 10 ? `${(all - rest) / 100}.0${rest}` : `${(all - rest) / 100}.${rest}`
}

export function tenths(ms: number): string {
  const all = Math.round(ms * 10)
  const rest = all % 10
  return `${(all - rest) / 10}.${rest}`
}
