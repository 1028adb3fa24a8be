import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { WriteConflict } from './errors.ts'

/** The items of a transaction, up to 100. */
export type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>

const tries = 12

/** The longest that one pause may last, ms. */
const longestPause = 400

/**
 * Writes all items or none. The request has a token, so that the SDK's repetition after a lost answer does nothing a
 * second time. A transaction that met another one on the same item is tried again after a random pause.
 *
 * @param options.token a UUID that names the write; DynamoDB remembers it for ten minutes. @default a new one
 * @returns undefined when it is written; else why not, for each item, and at least one failed its condition
 * @throws {WriteConflict} when it met others each of twelve times, after 4 s at the most; and what the SDK throws
 */
export async function transact(
  db: DynamoDBDocumentClient,
  items: TransactItems,
  { token = randomUUID(), signal }: { token?: string; signal?: AbortSignal | undefined } = {},
): Promise<CancellationReason[] | undefined> {
  let ClientRequestToken: string = token
  for (let n = 1, most = 25; ; n++, most = Math.min(2 * most, longestPause)) {
    try {
      await db.send(
        new TransactWriteCommand({ ClientRequestToken, TransactItems: items }),
        signal ? { abortSignal: signal } : {},
      )
      return undefined
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      const reasons = error.CancellationReasons ?? []
      if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) return reasons
      if (!reasons.some(({ Code }) => Code === 'TransactionConflict')) throw error
      if (n === tries) throw new WriteConflict(`Others wrote the same items, ${tries} times in a row`)
    }
    // What was cancelled has not happened; but DynamoDB does not say whether its token may serve again.
    ClientRequestToken = randomUUID()
    await sleep(Math.random() * most, undefined, signal && { signal })
  }
}
