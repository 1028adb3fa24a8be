import { isComplete, type Reject, type Report } from './report.ts'

/** A reject as one line: `line 17, id "x": /price: …`. */
export const rejectLine = ({ line, id, reason }: Reject): string =>
  `line ${line}${id === undefined ? '' : `, id ${JSON.stringify(id)}`}: ${reason}`

/**
 * What an import did and what to do next, for the person who ran it.
 *
 * @param dryRun nothing was written
 * @param rejectsFile the file that holds all rejected rows, where one was asked for
 */
export function summary(
  report: Report,
  { dryRun, rejectsFile }: { dryRun: boolean; rejectsFile?: string },
): string {
  const { rows, ms, refused, unwritten, skipped, deferred } = report
  const seconds = Math.max(ms, 1) / 1000
  const lines = [
    `${many(rows, 'row')} in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s`,
    dryRun
      ? `${report.valid} can be imported; nothing was written`
      : `${report.created} created, ${report.updated} updated, ${report.unchanged} unchanged, ${report.reviewsAdded} reviews added`,
    `${refused} refused${dryRun ? '' : `, ${unwritten} not written`}`,
  ]
  if (skipped > 0)
    lines.push(`${skipped} left out: drafts, archived or unpublished products, which the shop does not sell`)
  if (deferred > 0)
    lines.push(
      `${many(deferred, 'cache entry', 'cache entries')} could not be removed: they may show the earlier product until their time to live is over`,
    )
  if (report.error !== undefined) lines.push(`Ended early: ${report.error}`)
  if (report.interrupted) lines.push('Interrupted: what was begun is finished')
  lines.push(...next(report, dryRun, rejectsFile))
  return `${lines.join('\n')}\n`
}

const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`

function next(report: Report, dryRun: boolean, rejectsFile: string | undefined): string[] {
  if (isComplete(report)) return dryRun ? ['Next: run it without --dry-run'] : []
  const rejected = report.refused + report.unwritten > 0
  const mend = !rejected
    ? []
    : rejectsFile
      ? [`Next: mend the rows in ${rejectsFile} and import that file`]
      : ['Next: mend the rows listed above and run it again; --rejects FILE keeps them in a file']
  const again =
    report.rows > 0 && (report.error !== undefined || report.interrupted || report.unwritten > 0)
      ? ['Running it again continues: what is in the table already is left alone']
      : []
  return dryRun ? mend : [...mend, ...again]
}
