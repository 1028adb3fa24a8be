/** Returns a Markdown table. All columns except the first contain numbers. */
export const table = (head: string[], rows: string[][]): string =>
  [
    `| ${head.join(' | ')} |`,
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')

/** Formats a number for people, with about three significant digits. */
export function round(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e12) return `${round(value / 1e12)} trillion`
  if (size >= 1e9) return `${round(value / 1e9)} billion`
  if (size >= 1e6) return `${round(value / 1e6)} million`
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  if (size >= 10) return String(Number(value.toFixed(1)))
  return String(Number(value.toPrecision(size >= 0.1 ? 2 : 1)))
}

export function usd(value: number): string {
  const size = Math.abs(value)
  const text =
    size >= 100 ? Math.round(size).toLocaleString('en-US') : size >= 10 ? size.toFixed(1) : size.toFixed(2)
  return `${value < 0 && Number(text) !== 0 ? '−' : ''}$${text}`
}

/** Formats a difference in USD with its sign. */
export const change = (value: number): string => (value < 0 ? usd(value) : `+${usd(value)}`)

export const percent = (share: number): string => {
  const value = share * 100
  return `${value >= 99.95 || value < 0.05 ? Number(value.toPrecision(2)) : Number(value.toFixed(1))} %`
}
