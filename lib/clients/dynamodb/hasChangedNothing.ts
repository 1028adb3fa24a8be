import { errorKinds } from './errors.ts'

/** 4xx errors after which the write may still have been applied, by an earlier request with the same token. */
const ambiguousErrors = new Set(['TransactionInProgressException', 'IdempotentParameterMismatchException'])

/** Certificate errors: the client sends nothing to a server that cannot prove its identity. */
const certificateErrors = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Properties that the SDK and Node.js add to an error. */
interface Details {
  code?: string
  syscall?: string
  errors?: unknown[]
  $metadata?: { httpStatusCode?: number }
}

/**
 * Whether an attempt that failed with this error has certainly changed nothing: DynamoDB refused it, or it was not
 * sent.
 */
export function hasChangedNothing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, $metadata }: Error & Details = error
  const status = $metadata?.httpStatusCode
  if (status !== undefined)
    return status >= 400 && status < 500 && isFromDynamoDB(name) && !ambiguousErrors.has(name)
  return wasNotSent(error)
}

/**
 * Whether DynamoDB itself sent this error, judging by its name. An intermediary that sends an error may have
 * forwarded the request before.
 */
const isFromDynamoDB = (name: string): boolean =>
  name === 'TransactionCanceledException' ||
  (Object.hasOwn(errorKinds, name) && errorKinds[name] !== 'no-response')

function wasNotSent({ message, code, syscall, errors }: Error & Details): boolean {
  // Node.js tried several addresses.
  if (errors) return errors.length > 0 && errors.every((each) => each instanceof Error && wasNotSent(each))
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    certificateErrors.has(code ?? '') ||
    // Only its message identifies the SDK's connection timeout.
    /did not establish a connection/.test(message)
  )
}
