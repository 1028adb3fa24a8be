import { isComplete, type Reject, type Report } from './report.ts'

/** Formats a reject as one line: `line 17, id "x": /price: …`. */
export const formatReject = ({ line, id, reason }: Reject): string =>
  `line ${line}${id === undefined ? '' : `, id ${JSON.stringify(id)}`}: ${reason}`

/**
 * Describes what an import did and what to do next, for the person who ran it.
 *
 * @param dryRun whether nothing was written
 * @param rejectsFile the file with all rejected rows, if the user asked for one
 */
export function formatSummary(
  report: Report,
  { dryRun, rejectsFile }: { dryRun: boolean; rejectsFile?: string },
): string {
  const { rows, ms, refused, unwritten, skipped, deferred } = report
  const seconds = Math.max(ms, 1) / 1000
  const lines = [
    `${formatCount(rows, 'row')} in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s`,
    dryRun
      ? `${report.valid} can be imported; nothing was written`
      : `${report.created} created, ${report.updated} updated, ${report.unchanged} unchanged, ${report.reviewsAdded} reviews added`,
    `${refused} refused${dryRun ? '' : `, ${unwritten} not written`}`,
  ]
  if (skipped > 0)
    lines.push(`${skipped} skipped: the import leaves out draft, archived and unpublished products`)
  if (deferred > 0)
    lines.push(
      `${formatCount(deferred, 'cache entry', 'cache entries')} could not be removed: readers may see the old product until its entry expires`,
    )
  if (report.error !== undefined) lines.push(`Stopped early. ${report.error}`)
  if (report.interrupted) lines.push('Interrupted after finishing the rows that were being written')
  lines.push(...nextSteps(report, dryRun, rejectsFile))
  return `${lines.join('\n')}\n`
}

const formatCount = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

function nextSteps(report: Report, dryRun: boolean, rejectsFile: string | undefined): string[] {
  if (isComplete(report)) return dryRun ? ['Next: run the import again without --dry-run'] : []
  const hasRejects = report.refused + report.unwritten > 0
  const correct = !hasRejects
    ? []
    : rejectsFile
      ? [`Next: correct the rows in ${rejectsFile} and import that file`]
      : ['Next: correct the rows listed above and run the import again; --rejects FILE saves them to a file']
  const again =
    report.rows > 0 && (report.error !== undefined || report.interrupted || report.unwritten > 0)
      ? ['To continue, run the import again: it leaves unchanged products alone']
      : []
  return dryRun ? correct : [...correct, ...again]
}
