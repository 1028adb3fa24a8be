import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { readConfig } from '../lib/clients/config.ts'
import { follow } from '../lib/stream/follow.ts'

// No client waits for this function, and its first batch arrives while it still connects to Redis: so it waits longer.
const catalog = openCatalogUpkeep({ ...readConfig(), cacheTimeoutMs: 1_000 })

/** Removes stale cache entries and updates the counters, whatever process changed the table. */
export const handler = (
  event: DynamoDBStreamEvent,
  context?: Partial<Context>,
): Promise<DynamoDBBatchResponse> => follow(catalog, event, context)
