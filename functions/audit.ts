import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { audit } from '../lib/operations/audit.ts'
import { deadlineOf, logJob } from '../lib/operations/job.ts'

const catalog = openCatalogUpkeep()

/** On a schedule: compares some entries of the cache with the database, repairs what is wrong, and publishes how much was. */
export const handler = async (_event?: unknown, context?: Partial<Context>) => {
  const { disagreements, reasons, ...counts } = await audit(catalog, { deadline: deadlineOf(context) })
  const about = {
    // A line of log has to end somewhere.
    ...(disagreements.length > 0 && { disagreements: disagreements.slice(0, 20) }),
    ...(reasons.length > 0 && { reasons }),
  }
  logJob('audit', counts.stale > 0 || counts.failed > 0 ? 'warn' : 'info', counts, about)
  return { ...counts, ...about }
}
