import type { Context } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { audit } from '../lib/operations/audit.ts'
import { auditedCaches } from '../lib/operations/audited.ts'
import { deadlineOf } from '../lib/operations/deadlineOf.ts'
import { jobLine } from '../lib/telemetry/jobLine.ts'

const catalog = openCatalog(fromEnvironment())
const caches = auditedCaches(catalog)

/** On a schedule: compares some entries of the cache with the database, repairs what is wrong, and publishes how much was. */
export const handler = async (_event?: unknown, context?: Partial<Context>) => {
  const { disagreements, ...counts } = await audit({
    caches,
    repair: (id) => catalog.products.invalidate(id, { also: catalog.also }),
    deadline: deadlineOf(context),
  })
  // A line of log has to end somewhere.
  const about = disagreements.length > 0 ? { disagreements: disagreements.slice(0, 20) } : {}
  const level = counts.stale > 0 || counts.failed > 0 ? 'warn' : 'info'
  process.stdout.write(jobLine('audit', level, counts, about))
  return { ...counts, ...about }
}
