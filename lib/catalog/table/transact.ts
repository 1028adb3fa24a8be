import { randomUUID } from 'node:crypto'
import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import { classifyDatabaseError } from '../../clients/dynamodb/index.ts'
import { requestOptions, retryOf, type TableAccess } from './access.ts'

/** The items of a transaction, up to 100. */
export type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>

/** The number of items in a transaction of a batch, besides the one that checks or changes the product. */
export const batchSize = 99

/**
 * Writes all items or none. The request carries a token, so that retrying it after a lost response writes nothing
 * twice.
 *
 * @returns undefined if the items are written; otherwise the reason for each item, at least one of which failed its
 *   condition
 * @throws what the SDK throws
 */
export async function transact(
  access: TableAccess,
  items: TransactItems,
): Promise<CancellationReason[] | undefined> {
  let ClientRequestToken = randomUUID()
  /** Whether an attempt with this token may have been applied; the SDK's own retries count too. */
  let inDoubt = false
  try {
    await retryOf(access)(async () => {
      try {
        await access.db.send(
          new TransactWriteCommand({ ClientRequestToken, TransactItems: items }),
          requestOptions(access),
        )
      } catch (error) {
        const cancelled = error instanceof TransactionCanceledException
        inDoubt ||= !cancelled || (error.$metadata.attempts ?? 1) > 1
        // A cancelled transaction wrote nothing, but DynamoDB does not document whether its token can be reused.
        if (!inDoubt) ClientRequestToken = randomUUID()
        throw error
      }
    })
    return undefined
  } catch (error) {
    if (error instanceof TransactionCanceledException && classifyDatabaseError(error) === 'conflict')
      return error.CancellationReasons
    throw error
  }
}
