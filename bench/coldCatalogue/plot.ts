const width = 720
const height = 360
const left = 64
const right = 16
const top = 56
const bottom = 48

/** The styles of the lines. They differ in colour and in dashes, on a light and on a dark background. */
const styles = [
  { light: '#b3261e', dark: '#ff8a80', dashes: '' },
  { light: '#0b57d0', dark: '#8ab4f8', dashes: '7 4' },
  { light: '#146c2e', dark: '#81c995', dashes: '2 3' },
]

/** Draws the requests to the database in each second of a run, with one line for each run. Returns an SVG document. */
export function drawPlot(series: { name: string; values: number[] }[]): string {
  const seconds = Math.max(...series.map(({ values }) => values.length))
  const most = Math.max(1, ...series.flatMap(({ values }) => values))
  const step = niceStep(most / 5)
  const ceiling = Math.ceil(most / step) * step
  const x = (second: number) => left + (second / seconds) * (width - left - right)
  const y = (value: number) => height - bottom - (value / ceiling) * (height - top - bottom)
  const colours = (dark: boolean) =>
    styles.map((style, n) => `.s${n}{stroke:${dark ? style.dark : style.light}}`).join('')
  const rows = Array.from({ length: ceiling / step + 1 }, (_, n) => n * step)
  const columns = Array.from({ length: Math.floor(seconds / 5) + 1 }, (_, n) => n * 5)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">Requests to DynamoDB in each second after the cache was emptied, at 500 reads a second</title>
<style>
svg{background:#fff}text{font:13px system-ui,sans-serif;fill:#1f1f1f}.grid{stroke:#ddd}.line{fill:none;stroke-width:2.5}
${colours(false)}
@media (prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6e6e6}.grid{stroke:#333}${colours(true)}}
</style>
${rows
  .map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${round(y(value))}" y2="${round(y(value))}"/><text x="${left - 8}" y="${round(y(value) + 4)}" text-anchor="end">${value}</text>`,
  )
  .join('\n')}
${columns.map((second) => `<text x="${x(second)}" y="${height - bottom + 18}" text-anchor="middle">${second}</text>`).join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">seconds since FLUSHALL, or since the reads began</text>
<text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">requests to DynamoDB per second</text>
${series
  .map(({ name, values }, n) => {
    const dashes = styles[n]?.dashes ? ` stroke-dasharray="${styles[n]?.dashes}"` : ''
    const points = values.map((value, second) => `${round(x(second + 0.5))},${round(y(value))}`).join(' ')
    const key = left + n * 215
    return `<polyline class="line s${n}"${dashes} points="${points}"/>
<line class="line s${n}"${dashes} x1="${key}" x2="${key + 32}" y1="26" y2="26"/><text x="${key + 40}" y="30">${name}</text>`
  })
  .join('\n')}
</svg>
`
}

const round = (value: number) => Math.round(value * 10) / 10

/** Returns the smallest of 1, 2, 5, 10, 20, 50... that is not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power
}
