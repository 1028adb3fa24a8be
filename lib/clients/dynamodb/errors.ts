/**
 * What an error of DynamoDB, or of the connection to it, means.
 *
 * - `busy`: another write to the same item is running. Nothing was done. A retry soon may succeed; see ./retry.ts.
 * - `conflict`: the stored item is not as the writer expected. The writer decides what to do.
 * - `unavailable`: DynamoDB responds that it cannot do the request now: it throttles, or it has failed.
 * - `no-response`: DynamoDB did not respond. The request may have been done.
 * - `setup`: the table, the permissions or the credentials are wrong. Every other request would fail too.
 * - `fault`: the request is wrong, or exceeds a limit. The same request would fail again.
 */
export type ErrorKind = 'busy' | 'conflict' | 'unavailable' | 'no-response' | 'setup' | 'fault'

/**
 * The kind of each error, by its name in the SDK or its `code` in Node.js. Each error means the same for every
 * command. The list comes from the API reference of the commands and of their common errors:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
 */
export const errorKinds: Readonly<Record<string, ErrorKind>> = {
  // A plain write during a transaction; a write that collides with one in another region; a repeated transaction whose
  // first request is still running.
  TransactionConflictException: 'busy',
  ReplicatedWriteConflictException: 'busy',
  TransactionInProgressException: 'busy',

  ConditionalCheckFailedException: 'conflict',
  DuplicateItemException: 'conflict',
  ResourceInUseException: 'conflict',

  ProvisionedThroughputExceededException: 'unavailable',
  RequestLimitExceeded: 'unavailable',
  ThrottlingException: 'unavailable',
  Throttling: 'unavailable',
  LimitExceededException: 'unavailable',
  InternalServerError: 'unavailable',
  InternalFailure: 'unavailable',
  ServiceUnavailable: 'unavailable',
  ServiceUnavailableException: 'unavailable',

  TimeoutError: 'no-response',
  AbortError: 'no-response',
  RequestTimeout: 'no-response',
  RequestTimeoutException: 'no-response',
  ECONNABORTED: 'no-response',
  ECONNREFUSED: 'no-response',
  ECONNRESET: 'no-response',
  EPIPE: 'no-response',
  ETIMEDOUT: 'no-response',
  EAI_AGAIN: 'no-response',
  ENOTFOUND: 'no-response',
  EHOSTUNREACH: 'no-response',
  ENETUNREACH: 'no-response',

  ResourceNotFoundException: 'setup',
  InvalidEndpointException: 'setup',
  AccessDeniedException: 'setup',
  NotAuthorized: 'setup',
  OptInRequired: 'setup',
  UnrecognizedClientException: 'setup',
  InvalidClientTokenId: 'setup',
  ExpiredTokenException: 'setup',
  InvalidSignatureException: 'setup',
  IncompleteSignature: 'setup',
  IncompleteSignatureException: 'setup',
  MissingAuthenticationToken: 'setup',
  MissingAuthenticationTokenException: 'setup',
  RequestExpired: 'setup',
  RequestTimeTooSkewed: 'setup',
  CredentialsProviderError: 'setup',
  EPROTO: 'setup',
  CERT_HAS_EXPIRED: 'setup',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'setup',
  SELF_SIGNED_CERT_IN_CHAIN: 'setup',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'setup',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'setup',
  ERR_TLS_CERT_ALTNAME_INVALID: 'setup',

  ValidationException: 'fault',
  ValidationError: 'fault',
  SerializationException: 'fault',
  MalformedHttpRequestException: 'fault',
  UnknownOperationException: 'fault',
  ItemCollectionSizeLimitExceededException: 'fault',
  IdempotentParameterMismatchException: 'fault',
}

/** The kind of each reason for which an item cancels its transaction. */
export const reasonKinds: Readonly<Record<string, ErrorKind>> = {
  TransactionConflict: 'busy',
  ConditionalCheckFailed: 'conflict',
  DuplicateItem: 'conflict',
  ProvisionedThroughputExceeded: 'unavailable',
  RequestLimitExceeded: 'unavailable',
  ThrottlingError: 'unavailable',
  InternalServerError: 'unavailable',
  AccessDenied: 'setup',
  ResourceNotFound: 'setup',
  ItemCollectionSizeLimitExceeded: 'fault',
  ValidationError: 'fault',
}

/**
 * A cancelled transaction is of the kind of its worst item. A failed condition comes first: its writer must know of
 * it.
 */
const worstFirst: readonly ErrorKind[] = ['conflict', 'fault', 'setup', 'unavailable', 'busy']

/** Properties that the SDK and Node.js add to an error. */
interface Details {
  code?: string
  $fault?: string
  $metadata?: { httpStatusCode?: number }
  CancellationReasons?: { Code?: string | undefined }[]
}

/** Returns the kind of an error; `fault` for an unknown error. */
export function classifyDatabaseError(error: unknown): ErrorKind {
  if (!(error instanceof Error)) return 'fault'
  const { name, code = '', $fault, $metadata, CancellationReasons }: Error & Details = error
  if (CancellationReasons) {
    const kinds = CancellationReasons.map(({ Code = '' }) => find(reasonKinds, Code))
    return worstFirst.find((kind) => kinds.includes(kind)) ?? 'fault'
  }
  const known = find(errorKinds, name) ?? find(errorKinds, code)
  if (known) return known
  const status = $metadata?.httpStatusCode ?? 0
  return $fault === 'server' || status === 429 || status >= 500 ? 'unavailable' : 'fault'
}

const find = (kinds: Readonly<Record<string, ErrorKind>>, name: string): ErrorKind | undefined =>
  Object.hasOwn(kinds, name) ? kinds[name] : undefined
