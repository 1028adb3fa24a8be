import { randomUUID } from 'node:crypto'
import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import { kindOf } from '../../clients/dynamodb/index.ts'
import { attemptOf, requestOptions, type TableAccess } from './access.ts'

/** The items of a transaction, up to 100. */
export type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>

/**
 * Writes all items or none. The request has a token, so that a repetition after a lost answer does nothing a second
 * time.
 *
 * @returns undefined when it is written; else why not, for each item, and at least one failed its condition
 * @throws what the SDK throws
 */
export async function transact(
  access: TableAccess,
  items: TransactItems,
): Promise<CancellationReason[] | undefined> {
  let ClientRequestToken = randomUUID()
  /** Whether a try under this token may have been done, by the SDK's own repetition too. */
  let inDoubt = false
  try {
    await attemptOf(access)(async () => {
      try {
        await access.db.send(
          new TransactWriteCommand({ ClientRequestToken, TransactItems: items }),
          requestOptions(access),
        )
      } catch (error) {
        const cancelled = error instanceof TransactionCanceledException
        inDoubt ||= !cancelled || (error.$metadata.attempts ?? 1) > 1
        // What was cancelled has not happened; but DynamoDB does not say whether its token may serve again.
        if (!inDoubt) ClientRequestToken = randomUUID()
        throw error
      }
    })
    return undefined
  } catch (error) {
    if (error instanceof TransactionCanceledException && kindOf(error) === 'conflict')
      return error.CancellationReasons
    throw error
  }
}
