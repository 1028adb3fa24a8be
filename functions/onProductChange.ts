import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { follow } from '../lib/stream/follow.ts'

// Nobody waits for it, and its first batch comes while it is still connecting.
const catalog = openCatalogUpkeep({ ...fromEnvironment(), cacheTimeoutMs: 1_000 })

/** Keeps caches and counters right, whoever changed the table. */
export const handler = (
  event: DynamoDBStreamEvent,
  context?: Partial<Context>,
): Promise<DynamoDBBatchResponse> => follow(catalog, event, context)
