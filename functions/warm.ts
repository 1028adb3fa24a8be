import type { Context } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/open.ts'
import { warmingOf } from '../lib/catalog/operation.ts'
import { warmProducts } from '../lib/catalog/warmProducts.ts'
import { fromEnvironment } from '../lib/config.ts'
import { deadlineOf } from '../lib/deadlineOf.ts'
import { jobLine } from '../lib/jobLine.ts'

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
