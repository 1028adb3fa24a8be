import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { audit } from '../lib/operations/audit.ts'
import { cutLists, getDeadline, logJob } from '../lib/operations/job.ts'

const catalog = openCatalogUpkeep()

/**
 * Runs on a schedule. Compares a sample of entries with the database, removes wrong ones, and publishes the counts.
 */
export const handler = async (_event?: unknown, context?: Partial<Context>) => {
  const deadline = getDeadline(context)
  const { disagreements, unreadable, reasons, ...counts } = await audit(catalog, { deadline })
  const details = cutLists({ disagreements, unreadable, reasons })
  const isFlawless = counts.stale + counts.failed + counts.unreadableItems === 0
  logJob('audit', isFlawless ? 'info' : 'warn', counts, details)
  return { ...counts, ...details }
}
