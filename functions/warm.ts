import type { Context } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { deadlineOf } from '../lib/operations/deadlineOf.ts'
import { warmingOf } from '../lib/operations/operation.ts'
import { warmProducts } from '../lib/operations/warmProducts.ts'
import { jobLine } from '../lib/telemetry/jobLine.ts'

const catalog = openCatalog(fromEnvironment())

/**
 * On a schedule, and after a deploy: fills the most read products and those that the event names.
 *
 * @param event `{ ids?: string[], top?: number, perSecond?: number }`; a schedule's own event names none of them
 */
export const handler = async (event?: unknown, context?: Partial<Context>) => {
  const warming = await warmProducts(catalog, { ...warmingOf(event), deadline: deadlineOf(context) })
  process.stdout.write(jobLine('warm', warming.failed + warming.left > 0 ? 'warn' : 'info', { ...warming }))
  return warming
}
