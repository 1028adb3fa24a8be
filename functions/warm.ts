import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { deadlineOf, logJob } from '../lib/operations/job.ts'
import { warmingOf } from '../lib/operations/operation.ts'
import { warm } from '../lib/operations/warm.ts'

const catalog = openCatalogUpkeep()

/**
 * On a schedule, and after a deploy: fills the most read products and those that the event names.
 *
 * @param event `{ ids?: string[], top?: number, perSecond?: number }`; a schedule's own event names none of them
 */
export const handler = async (event?: unknown, context?: Partial<Context>) => {
  const { reasons, ...counts } = await warm(catalog, { ...warmingOf(event), deadline: deadlineOf(context) })
  const about = reasons.length > 0 ? { reasons } : {}
  logJob('warm', counts.failed + counts.left > 0 ? 'warn' : 'info', counts, about)
  return { ...counts, ...about }
}
