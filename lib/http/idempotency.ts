import { createHash } from 'node:crypto'
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Context } from 'aws-lambda'
import { KeyReused } from '../catalog/index.ts'
import type { KeyedWrite } from '../catalog/writes.ts'
import { requireVariable } from '../clients/config.ts'
import { createIdempotencyStore } from './idempotencyStore.ts'
import { Problem } from './problem.ts'
import type { ApiRequest } from './request.ts'
import type { ApiResponse } from './response.ts'

/** How long a response is stored, seconds. */
const storedSeconds = 24 * 3600

/** The longest that an attempt holds its key if the function does not say how long it may run, in ms. */
const longestAttempt = 10_000

/**
 * Returns a function that does the work of a route once for each `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header). A repetition within 24 hours gets the stored response. Each token
 * subject has its own keys; tokens without a subject share theirs. A request without the header is never
 * deduplicated.
 *
 * @param route such as `POST /products`; the same key on another route is a different key
 * @param table of the stored responses, not the catalogue's table
 * @throws {Error} that names the environment variable if it is not set
 */
export const createIdempotency =
  (
    route: string,
    db: DynamoDBDocumentClient,
    table = requireVariable(process.env, 'IDEMPOTENCY_TABLE'),
  ): Idempotent =>
  (request, payload, respond) =>
    respondOnce({ db, table, route }, request, payload, respond)

/**
 * Does the work of one request.
 *
 * @param payload everything that the request asks for, already validated: path parameters and body. JSON, not deeply
 *   nested
 * @param respond does the work. For a request with a key it receives what identifies the write, and must leave a mark
 *   with it (lib/catalog/table/mark.ts). An attempt whose response was not stored is then found by a later one. If
 *   `respond` throws, no response is stored.
 * @throws {Problem} 400 for an invalid key, 409 with `Retry-After` while the first attempt is running
 * @throws {KeyReused} for a key that another request used; also throws what `respond` or the SDK throws
 */
export type Idempotent = (
  request: ApiRequest,
  payload: unknown,
  respond: (write: KeyedWrite | undefined) => Promise<ApiResponse>,
) => Promise<ApiResponse>

async function respondOnce(
  { db, table, route }: { db: DynamoDBDocumentClient; table: string; route: string },
  ...[request, payload, respond]: Parameters<Idempotent>
): Promise<ApiResponse> {
  const key = request.header('idempotency-key')
  if (key === undefined) return respond(undefined)
  if (!/^[!-~]{1,255}$/.test(key)) {
    throw new Problem(
      400,
      'invalid-idempotency-key',
      'An idempotency key is 1 to 255 visible ASCII characters',
    )
  }
  const name = { subject: request.subject ?? '', route, key }
  let isRepetition = false
  const write: KeyedWrite = {
    id: createUuid(name),
    fingerprint: fingerprintOf(payload),
    // Not after the end of the record, which the library computes after the work. Otherwise a request between the two
    // ends would get an old result.
    expiresAt: Math.floor(Date.now() / 1000) + storedSeconds,
    onEarlier: () => {
      isRepetition = true
    },
  }
  const config = new IdempotencyConfig({
    eventKeyJmesPath: 'name',
    payloadValidationJmesPath: 'payload',
    expiresAfterSeconds: storedSeconds,
    hashFunction: 'sha256',
  })
  // Slightly longer than the function can run. Until then no other attempt may take the key over.
  const holdMs = Math.min(request.budgetMs, longestAttempt) + 1000
  // The library reads nothing else of the context.
  config.registerLambdaContext({ getRemainingTimeInMillis: () => holdMs } as Context)
  let outcome: { response: ApiResponse } | { failure: unknown } | undefined
  const once = makeIdempotent(
    async (_: unknown) => {
      try {
        const response = await respond(write)
        outcome = { response }
        if (!isRepetition) return response
      } catch (failure) {
        outcome = { failure }
        throw failure
      }
      // A response that is returned here is stored for 24 hours from now. But the promise ends with the mark of the
      // earlier attempt. So nothing is stored, and the mark answers the next repetition too.
      throw new Error('An earlier attempt did the work')
    },
    { persistenceStore: createIdempotencyStore(db, table, request.signal), config, keyPrefix: 'aisle' },
  )
  try {
    return await once({ name, payload })
  } catch (error) {
    // Work that was done has its own result, even if its record could not be updated.
    if (outcome) {
      if ('response' in outcome) return outcome.response
      throw outcome.failure
    }
    throw explainRefusal(error)
  }
}

/** Converts an error of the library, which did not do the work, to the problem that the caller gets. */
function explainRefusal(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  switch (error.name) {
    case 'IdempotencyAlreadyInProgressError':
    case 'IdempotencyInconsistentStateError':
      return new Problem(
        409,
        'idempotency-key-in-use',
        'The first request with this key is still running. Try again',
        { headers: { 'retry-after': '1' } },
      )
    case 'IdempotencyValidationError':
      return new KeyReused()
    case 'IdempotencyPersistenceLayerError':
      return error.cause ?? error
    default:
      return error
  }
}

/** Returns a hash of a JSON value that does not depend on the order of members. */
function fingerprintOf(payload: unknown): string {
  const text = JSON.stringify(payload, (_, value) =>
    value instanceof Object && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(text).digest('base64url')
}

/** Creates a UUID from a name (RFC 9562, version 8). */
function createUuid(name: object): string {
  const bytes = createHash('sha256').update(JSON.stringify(name)).digest()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex', 0, 16)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
