import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { getDeadline, logJob } from '../lib/operations/job.ts'
import { parseWarmOptions } from '../lib/operations/operation.ts'
import { warm } from '../lib/operations/warm.ts'

const catalog = openCatalogUpkeep()

/**
 * Runs on a schedule and after a deploy. Fills the cache with the most-read products and with the ids of the event.
 *
 * @param event `{ ids?: string[], top?: number, perSecond?: number }`; a schedule's own event has none of them
 */
export const handler = async (event?: unknown, context?: Partial<Context>) => {
  const options = { ...parseWarmOptions(event), deadline: getDeadline(context) }
  const { reasons, ...counts } = await warm(catalog, options)
  const details = reasons.length > 0 ? { reasons } : {}
  logJob('warm', counts.failed + counts.left > 0 ? 'warn' : 'info', counts, details)
  return { ...counts, ...details }
}
