import { metricsOfRequest } from '../../telemetry/requestMetrics.ts'

/** The kinds of items that another program may have written so that the catalogue cannot read them. */
export type UnreadableKind = 'PRODUCT' | 'REVIEW' | 'CATEGORIES'

/**
 * Counts an item that was left out or refused because it cannot be read, and warns in the line of the request. The line
 * has the kind of the item's key, but no id, because ids come from the query. The stream and the audit log the ids.
 */
export function countUnreadable(kind: UnreadableKind): void {
  const metrics = metricsOfRequest.getStore()
  metrics?.add('unreadableItems')
  metrics?.warn(`The table holds an item of the kind ${kind} that cannot be read`)
}
