import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Upserted, upsertProduct } from '../catalog/writes.ts'
import { kindOf, retrying } from '../clients/dynamodb/index.ts'
import type { ImportedProduct } from './shape.ts'

/** A product that is not in the table. `endsAll`: why no other one would fare better. */
export interface Unwritten {
  reason: string
  endsAll?: string
}

/**
 * Writes products one by one, each as often as it takes, and tells of what cannot be written instead of throwing.
 *
 * @param patienceMs how long one request is repeated
 * @param signal repeats nothing any more
 */
export function createWriter(
  { db, table }: { db: DynamoDBDocumentClient; table: string },
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal | undefined },
): (product: ImportedProduct) => Promise<Upserted | Unwritten> {
  const attempt = retrying({
    kinds: ['busy', 'unavailable', 'away'],
    patienceMs,
    pauseMs: [50, 5_000],
    signal,
  })
  let lastAnswer = 0
  return async (product) => {
    const started = Date.now()
    try {
      const done = await upsertProduct({ db, table, attempt }, product)
      lastAnswer = Date.now()
      return done
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const kind = kindOf(error)
      if (kind === 'setup')
        return {
          reason,
          endsAll: `The table ${table} cannot be written (${reason}). \`npm start\` makes the local one`,
        }
      // One row may have had bad luck for all its time; a database that meanwhile answered no other row is away.
      if (kind === 'away' && lastAnswer < started)
        return { reason, endsAll: `The database does not answer (${reason})` }
      return { reason }
    }
  }
}
