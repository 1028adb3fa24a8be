import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Upserted, upsertProduct } from '../catalog/writes.ts'
import { classifyDatabaseError, createRetry } from '../clients/dynamodb/index.ts'
import type { ImportedProduct } from './importedProduct.ts'

/** A product that was not written. */
export interface Unwritten {
  reason: string
  /** Why no other product can be written either, so that the import has to stop. */
  stopReason?: string
}

/**
 * Creates a function that writes a product and retries as needed. Returns the reason instead of throwing if the product
 * cannot be written.
 *
 * @param patienceMs how long one request is retried
 * @param signal ends the retries
 */
export function createWriter(
  { db, table }: { db: DynamoDBDocumentClient; table: string },
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal | undefined },
): (product: ImportedProduct) => Promise<Upserted | Unwritten> {
  const retry = createRetry({
    kinds: ['busy', 'unavailable', 'no-response'],
    patienceMs,
    pauseMs: [50, 5_000],
    signal,
  })
  let lastResponseAt = 0
  return async (product) => {
    const startedAt = Date.now()
    try {
      const result = await upsertProduct({ db, table, retry }, product)
      lastResponseAt = Date.now()
      return result
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const kind = classifyDatabaseError(error)
      if (kind === 'setup')
        return {
          reason,
          stopReason: `The table ${table} cannot be written (${reason}). npm start creates the local table`,
        }
      // A single row may fail on every attempt. If no other row had a response meanwhile either, the database is down.
      if (kind === 'no-response' && lastResponseAt < startedAt)
        return { reason, stopReason: `The database does not answer (${reason})` }
      return { reason }
    }
  }
}
