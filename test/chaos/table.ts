import type { Cost } from './cost.ts'
import type { Fault } from './faults.ts'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** The columns, each with its head and its cell for a cost. */
const columns: [head: string, cell: (cost: Cost) => string | number][] = [
  ['reads', ({ reads }) => reads],
  ['failed', ({ failedShare }) => percent(failedShare)],
  ['failed after', ({ failedAfter }) => failedAfter],
  ['writes', ({ writes }) => writes],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['deferred', ({ deferred }) => deferred],
  ['lost or doubled', ({ lost, doubled }) => lost + doubled],
  ['stale after done', ({ stale }) => stale.afterDone],
  ['stale after deferred', ({ stale }) => stale.afterDeferred + stale.afterLong],
  ['stale by fallback', ({ stale }) => stale.fallback + stale.oldFallback],
  ['went back', ({ wentBack }) => wentBack],
  ['p99, ms', ({ p99 }) => p99.map((ms) => ms.toFixed(0)).join(', ')],
  ['clean after, s', ({ cleanAfter }) => cleanAfter.toFixed(1)],
]
export const heads = ['fault', ...columns.map(([head]) => head)]

/** Explains the columns. */
export const legend = `- **reads**, **failed**: the reads that began during the fault, and the share of them that failed.
- **failed after**: the failed reads that began after the fault.
- **writes**, **acknowledged**: all writes before, during and after the fault, and those that were acknowledged.
- **deferred**: the acknowledged writes whose removal Redis had not confirmed.
- **lost or doubled**: acknowledged writes that the table does not hold, and writes that happened twice. Must be 0.
- **stale**: the reads that showed an older version than a write that was acknowledged before the read began.
  - **after done**: Redis had confirmed the removal of that write. Must be 0.
  - **after deferred**: the removal had not been delivered yet.
  - **by fallback**: the process could not reach Redis and served its own last load, for at most a second.
- **went back**: the reads that showed an older version than their process had shown before. Must be 0.
- **p99**: the 99th percentile of the duration of reads before, during and after the fault.
- **clean after**: the time from the moment when all servers answered again until the last problem. A problem is a read
  that failed, bypassed Redis or was stale, or a write that was refused or deferred.`

/** Returns the costs as a Markdown table. */
export function toTable(costs: Map<Fault, Cost>): string {
  return alignRows(
    [...costs].map(([{ name }, cost]) => [name, ...columns.map(([, cell]) => `${cell(cost)}`)]),
  )
}

/** Returns a Markdown table with aligned columns. */
function alignRows(rows: string[][]): string {
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Describes the run. */
export const description = `The run injects one fault after another into the whole catalogue, over HTTP. Two processes read, one writes, and one
follows the table's stream. Redis is half a millisecond away, and the database is a DynamoDB Local. Each second 25 reads,
5 puts and 1.5 writes with an idempotency key begin: for 5 s before each fault, for 8 s during it, and for 5 to 30 s after
it, until the catalogue has recovered. Writers retry. If DynamoDB is affected, writers pause 3 s before the fault, so that
the cache fills. In the rows "writers pause" they resume when the fault ends, in the other rows when it begins.`

/** Returns the content of docs/chaos.md. */
export const toDocument = (table: string): string => `# What each fault costs

\`npm run chaos -- --write docs/chaos.md\` measures the costs and writes this page.

${description}

${table}

${legend}
`
