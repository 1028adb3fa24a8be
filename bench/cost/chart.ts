import { round } from './markdown.ts'
import { breakEven, product, readSide, secondsPerMonth } from './model.ts'

const width = 720
const height = 360
const left = 64
const right = 600
const top = 44
const bottom = 308
const fromRate = 1
const toRate = 10_000
const leastUsd = 0.01
const mostUsd = 10

const x = (rate: number) => left + ((right - left) * Math.log(rate / fromRate)) / Math.log(toRate / fromRate)
const y = (usd: number) => bottom - ((bottom - top) * Math.log(usd / leastUsd)) / Math.log(mostUsd / leastUsd)

/**
 * Draws the cost of reading a million products at each rate, with and without the cache, as an SVG document. The cost
 * includes the reads of DynamoDB, Lambda's time, and the cache. The cache pays at the rates where its line is below the
 * line without cache. The chart has a background of its own, so that it is legible on light and dark pages.
 */
export function chart(): string {
  const curve = (ratio: number | undefined) => {
    const points: string[] = []
    for (let at = 0; at <= 80; at++) {
      const rate = fromRate * (toRate / fromRate) ** (at / 80)
      const perMillion = readSide(rate, product, ratio) / ((rate * secondsPerMonth) / 1e6)
      points.push(`${x(rate).toFixed(1)},${y(perMillion).toFixed(1)}`)
    }
    return points
  }
  const lines = ([undefined, 0.5, 0.9, 0.99] as const).map((ratio, at) => {
    const points = curve(ratio)
    const [endX = 0, endY = 0] = points.at(-1)?.split(',').map(Number) ?? []
    const name = ratio === undefined ? 'no cache' : `hit ratio ${ratio}`
    return `<polyline class="l${at}" points="${points.join(' ')}"/>
<text x="${endX + 8}" y="${endY + 4}">${name}</text>`
  })
  const rateTicks = [1, 10, 100, 1000, 10_000].map(
    (rate) =>
      `<path class="grid" d="M${x(rate).toFixed(1)} ${top}V${bottom}"/>
<text x="${x(rate).toFixed(1)}" y="${bottom + 20}" text-anchor="middle">${rate.toLocaleString('en-US')}</text>`,
  )
  const usdTicks = [0.01, 0.1, 1, 10].map(
    (usd) =>
      `<path class="grid" d="M${left} ${y(usd).toFixed(1)}H${right}"/>
<text x="${left - 8}" y="${(y(usd) + 4).toFixed(1)}" text-anchor="end">$${usd}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">Cost of reading a million products, by requests a second: at a hit ratio of 0.9 the cache pays from ${round(breakEven(product, 0.9) ?? Number.NaN)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
polyline { fill: none; stroke-width: 2.5 }
.ground { fill: #ffffff; stroke: #8c959f }
.grid { stroke: #d0d7de }
.l0 { stroke: #57606a; stroke-dasharray: 6 4 }
.l1 { stroke: #bc4c00 }
.l2 { stroke: #0969da }
.l3 { stroke: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.ground { fill: #0d1117; stroke: #6e7681 }
.grid { stroke: #30363d }
.l0 { stroke: #9198a1 }
.l1 { stroke: #f0883e }
.l2 { stroke: #58a6ff }
.l3 { stroke: #3fb950 }
}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text x="${left - 44}" y="26">USD for reading a million products: DynamoDB, Lambda's time and the cache</text>
${[...rateTicks, ...usdTicks, ...lines].join('\n')}
<text x="${(left + right) / 2}" y="${bottom + 42}" text-anchor="middle">requests a second</text>
</svg>
`
}
