import type { Fault } from './faults.ts'
import type { Verdict } from './judge.ts'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** The columns: their heads, and what they show of a verdict. */
const columns: [head: string, cell: (verdict: Verdict) => string | number][] = [
  ['reads', ({ reads }) => reads],
  ['failed', ({ failedShare }) => percent(failedShare)],
  ['failed after', ({ failedAfter }) => failedAfter],
  ['writes', ({ writes }) => writes],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['deferred', ({ deferred }) => deferred],
  ['lost or doubled', ({ lost, doubled }) => lost + doubled],
  ['stale after done', ({ stale }) => stale.afterDone],
  ['after deferred', ({ stale }) => stale.afterDeferred + stale.afterLong],
  ['by fallback', ({ stale }) => stale.fallback + stale.oldFallback],
  ['went back', ({ wentBack }) => wentBack],
  ['p99, ms', ({ p99 }) => p99.map((ms) => ms.toFixed(0)).join(', ')],
  ['clean after, s', ({ cleanAfter }) => cleanAfter.toFixed(1)],
]

/** What a reader of the table has to know. */
export const legend = `Reads are those that began during the fault, and their failed share; "failed after" began when it was over. Writes, and what
became of them, are those of the whole time.
A read is stale where it shows less than a client had been told before it began: by a write whose removal Redis had
confirmed (done: must be 0), by one whose removal had yet to be delivered (deferred), or by what a process that could not
reach Redis kept for a second (fallback). "Went back" counts reads that show less than their process had shown before
(must be 0). Lost or doubled writes must be 0. p99 of reads: before, during and after the fault. Clean after: until no
read failed, went past Redis or was stale and no write was refused or deferred, from the moment when all servers answered
again.`

/** The verdicts as a table of Markdown. */
export function tableOf(verdicts: Map<Fault, Verdict>): string {
  const rows = [...verdicts].map(([{ name }, verdict]) => [
    name,
    ...columns.map(([, cell]) => String(cell(verdict))),
  ])
  const heads = ['what befalls', ...columns.map(([head]) => head)]
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
