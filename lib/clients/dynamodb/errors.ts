/**
 * What an error of DynamoDB, or of the way to it, means.
 *
 * - `busy`: it met another writer of the same item, and has done nothing. Another try soon may do; see ./retry.ts.
 * - `conflict`: what is stored is not as the writer thought. The writer decides.
 * - `unavailable`: DynamoDB answers that it cannot do it now: throttled, or broken.
 * - `away`: there was no answer. It may have been done.
 * - `setup`: the table, the rights or the credentials are wrong. Nothing else would fare better.
 * - `fault`: a mistake in the request, or a limit. The same again would fail again.
 */
export type ErrorKind = 'busy' | 'conflict' | 'unavailable' | 'away' | 'setup' | 'fault'

/**
 * What each error is, by its name in the SDK or its `code` in Node.js. None means another thing for another command. From
 * the API reference of the commands, and of the errors that all of them have:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
 */
export const errorKinds: Readonly<Record<string, ErrorKind>> = {
  // A plain write that meets a transaction; one that meets another region; a repeated transaction that meets itself.
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

  TimeoutError: 'away',
  AbortError: 'away',
  RequestTimeout: 'away',
  RequestTimeoutException: 'away',
  ECONNABORTED: 'away',
  ECONNREFUSED: 'away',
  ECONNRESET: 'away',
  EPIPE: 'away',
  ETIMEDOUT: 'away',
  EAI_AGAIN: 'away',
  ENOTFOUND: 'away',
  EHOSTUNREACH: 'away',
  ENETUNREACH: 'away',

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

/** What is wrong with one item of a transaction that was cancelled, by the code of its reason. */
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

/** A transaction is as bad as its worst item; but its writer wants to know of a condition that failed. */
const worstFirst: readonly ErrorKind[] = ['conflict', 'fault', 'setup', 'unavailable', 'busy']

/** What the SDK and Node.js hang on an error. */
interface Details {
  code?: string
  $fault?: string
  $metadata?: { httpStatusCode?: number }
  CancellationReasons?: { Code?: string | undefined }[]
}

/** What an error means; `fault` for one that is not known. */
export function kindOf(error: unknown): ErrorKind {
  if (!(error instanceof Error)) return 'fault'
  const { name, code = '', $fault, $metadata, CancellationReasons }: Error & Details = error
  if (CancellationReasons) {
    const kinds = CancellationReasons.map(({ Code = '' }) => of(reasonKinds, Code))
    return worstFirst.find((kind) => kinds.includes(kind)) ?? 'fault'
  }
  const known = of(errorKinds, name) ?? of(errorKinds, code)
  if (known) return known
  const status = $metadata?.httpStatusCode ?? 0
  return $fault === 'server' || status === 429 || status >= 500 ? 'unavailable' : 'fault'
}

const of = (kinds: Readonly<Record<string, ErrorKind>>, name: string): ErrorKind | undefined =>
  Object.hasOwn(kinds, name) ? kinds[name] : undefined
