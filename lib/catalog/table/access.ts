import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Retry, retryBusyWrites } from '../../clients/dynamodb/index.ts'

/** The catalogue's table, and how one caller sends its requests. */
export interface TableAccess {
  db: DynamoDBDocumentClient
  /** The table's name. */
  table: string
  /** Aborts the caller's requests. A write that is already sent may still happen. */
  signal?: AbortSignal | undefined
  /**
   * Runs each write, and retries it if it conflicted with a transaction on the same item. @default {@link
   * retryBusyWrites}
   */
  retry?: Retry
}

/** Returns the SDK's options for one request. */
export const requestOptions = ({ signal }: TableAccess): { abortSignal?: AbortSignal } =>
  signal ? { abortSignal: signal } : {}

/** Returns the function that runs this caller's writes, and retries them. */
export const retryOf = ({ signal, retry = retryBusyWrites(signal) }: TableAccess): Retry => retry
