import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Attempt, writing } from '../../clients/dynamodb/index.ts'

/** The catalogue's table, and how one caller reaches it. */
export interface TableAccess {
  db: DynamoDBDocumentClient
  /** The table's name. */
  table: string
  /** Ends the requests. A write that was sent by then may have happened. */
  signal?: AbortSignal | undefined
  /** Runs each write, again where it met a transaction on the same item. @default {@link writing} */
  attempt?: Attempt
}

/** The SDK's options for one request. */
export const requestOptions = ({ signal }: TableAccess): { abortSignal?: AbortSignal } =>
  signal ? { abortSignal: signal } : {}

/** What runs a write of this caller. */
export const attemptOf = ({ signal, attempt = writing(signal) }: TableAccess): Attempt => attempt
