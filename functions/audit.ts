import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { audit } from '../lib/operations/audit.ts'
import { getDeadline, logJob } from '../lib/operations/job.ts'

const catalog = openCatalogUpkeep()

/**
 * Runs on a schedule. Compares a sample of entries with the database, removes wrong ones, and publishes the counts.
 */
export const handler = async (_event?: unknown, context?: Partial<Context>) => {
  const { disagreements, reasons, ...counts } = await audit(catalog, { deadline: getDeadline(context) })
  const about = {
    // Limits the length of the log line.
    ...(disagreements.length > 0 && { disagreements: disagreements.slice(0, 20) }),
    ...(reasons.length > 0 && { reasons }),
  }
  logJob('audit', counts.stale > 0 || counts.failed > 0 ? 'warn' : 'info', counts, about)
  return { ...counts, ...about }
}
