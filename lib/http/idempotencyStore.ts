import { randomUUID } from 'node:crypto'
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb'
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { retryBusyWrites } from '../clients/dynamodb/index.ts'

/** Creates the store of one request's idempotency record. The signal ends its requests to DynamoDB. */
export const createIdempotencyStore = (
  db: DynamoDBDocumentClient,
  table: string,
  signal: AbortSignal | undefined,
): DynamoDBPersistenceLayer =>
  new DynamoDBPersistenceLayer({ tableName: table, awsSdkV3Client: createClient(db, signal) })

/**
 * Creates a client that recognises its own put. The SDK repeats a put whose response was lost, and the repetition
 * fails its condition. Without a mark in the record, the request would take its own record for that of another
 * request.
 */
function createClient(db: DynamoDBDocumentClient, signal: AbortSignal | undefined) {
  const mark = randomUUID()
  const retry = retryBusyWrites(signal)
  const options = signal ? { abortSignal: signal } : {}
  const send = async (command: object): Promise<unknown> => {
    if (command instanceof PutItemCommand)
      command.input.Item = { ...command.input.Item, attempt: { S: mark } }
    try {
      return await retry(() => Reflect.apply(db.send, db, [command, options]))
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item?.attempt?.S === mark) return {}
      throw error
    }
  }
  return Object.create(db, { send: { value: send } })
}
