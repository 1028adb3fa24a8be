import { createHash, randomUUID } from 'node:crypto'
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb'
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Context } from 'aws-lambda'
import { required } from '../clients/config.ts'
import { writing } from '../clients/dynamodb/index.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'
import type { ApiResponse } from './response.ts'

/** How long an answer is kept, seconds. */
const keptFor = 24 * 3600

/** The longest that an attempt holds its key when the function does not say how long it may run, ms. */
const longestAttempt = 10_000

/**
 * Answers requests of a route once for each `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repetition
 * within 24 hours gets the stored answer. Keys of different token subjects do not meet; tokens without a subject share
 * theirs. A request without the header is answered as it comes.
 *
 * @param route such as `POST /products`. The same key on another route is another key
 * @param table of the answers, not the catalogue's
 * @throws {Error} that names the variable of the environment which is not set
 */
export const idempotencyOf =
  (
    route: string,
    db: DynamoDBDocumentClient,
    table = required(process.env, 'IDEMPOTENCY_TABLE'),
  ): Idempotent =>
  (request, payload, respond) =>
    answerOnce({ db, table, route }, request, payload, respond)

/**
 * Does the work of one request.
 *
 * @param payload all that the request asks for, already checked: path parameters and body. JSON, not deeply nested
 * @param respond does the work. It is handed a UUID that is the same for each attempt with the same key, and whether there
 *   is a key: name the write by it, so that an attempt whose record was lost finds what it did before. Without a key the
 *   UUID is a new one. Where it throws, nothing is stored.
 * @throws {Problem} 400 for a key that is not valid, 409 with `Retry-After` while the first attempt still runs, 422 for a
 *   key that was used for something else; and what `respond` or the SDK throws
 */
export type Idempotent = (
  request: ApiRequest,
  payload: unknown,
  respond: (writeId: string, isKeyed: boolean) => Promise<ApiResponse>,
) => Promise<ApiResponse>

async function answerOnce(
  { db, table, route }: { db: DynamoDBDocumentClient; table: string; route: string },
  ...[request, payload, respond]: Parameters<Idempotent>
): Promise<ApiResponse> {
  const key = request.header('idempotency-key')
  if (key === undefined) return respond(randomUUID(), false)
  if (!/^[!-~]{1,255}$/.test(key)) {
    throw new Problem(
      400,
      'invalid-idempotency-key',
      'An idempotency key is 1 to 255 visible ASCII characters',
    )
  }
  const name = { subject: request.subject ?? '', route, key }
  const config = new IdempotencyConfig({
    eventKeyJmesPath: 'name',
    payloadValidationJmesPath: 'payload',
    expiresAfterSeconds: keptFor,
    hashFunction: 'sha256',
  })
  // The function's own end, and a little more: until then no other attempt may take over.
  const holdMs = Math.min(request.budgetMs, longestAttempt) + 1000
  // Nothing else of it is read.
  config.registerLambdaContext({ getRemainingTimeInMillis: () => holdMs } as Context)
  const persistenceStore = new DynamoDBPersistenceLayer({
    tableName: table,
    awsSdkV3Client: clientOf(db, request.signal),
  })
  let outcome: { answer: ApiResponse } | { failure: unknown } | undefined
  const once = makeIdempotent(
    async (_: unknown) => {
      try {
        const answer = await respond(uuidOf(name), true)
        outcome = { answer }
        return answer
      } catch (failure) {
        outcome = { failure }
        throw failure
      }
    },
    { persistenceStore, config, keyPrefix: 'aisle' },
  )
  try {
    return await once({ name, payload })
  } catch (error) {
    // What became of the work is the answer, also when the record of it could not be brought up to date.
    if (outcome) {
      if ('answer' in outcome) return outcome.answer
      throw outcome.failure
    }
    throw refusalOf(error)
  }
}

/** What the library says instead of running the work, as an answer. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  switch (error.name) {
    case 'IdempotencyAlreadyInProgressError':
    case 'IdempotencyInconsistentStateError':
      return new Problem(409, 'idempotency-key-in-use', 'The first request with this key still runs', {
        headers: { 'retry-after': '1' },
      })
    case 'IdempotencyValidationError':
      return new Problem(
        422,
        'idempotency-key-reused',
        'This key was used for another request: take a new one',
      )
    case 'IdempotencyPersistenceLayerError':
      return error.cause ?? error
    default:
      return error
  }
}

/**
 * The client as the library is to use it: ended by the signal, and aware of its own success. The SDK repeats a put
 * whose answer was lost; without a mark of its own the request would take its record for another's.
 */
function clientOf(db: DynamoDBDocumentClient, signal: AbortSignal | undefined) {
  const mark = randomUUID()
  const attempt = writing(signal)
  const options = signal ? { abortSignal: signal } : {}
  const send = async (command: object): Promise<unknown> => {
    if (command instanceof PutItemCommand)
      command.input.Item = { ...command.input.Item, attempt: { S: mark } }
    try {
      return await attempt(() => Reflect.apply(db.send, db, [command, options]))
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item?.attempt?.S === mark) return {}
      throw error
    }
  }
  return Object.create(db, { send: { value: send } })
}

/** A UUID made of a name (RFC 9562, version 8). */
function uuidOf(name: object): string {
  const bytes = createHash('sha256').update(JSON.stringify(name)).digest()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex', 0, 16)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
