import { AsyncLocalStorage } from 'node:async_hooks'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { errorKinds } from './errors.ts'

/** What became of the attempts to write that one commit has made, those included that the SDK repeats by itself. */
export class Attempts {
  #open = 0
  /** Commands that are under way: between two of their attempts, none may be. */
  #commands = 0

  /** Whether one of them may have been applied: it succeeded, or nobody knows, or it is still under way. */
  get mayHaveCommitted(): boolean {
    return this.#open > 0 || this.#commands > 0
  }

  /** Does a command, with all of its attempts. */
  async command<T>(send: () => Promise<T>): Promise<T> {
    this.#commands++
    try {
      return await send()
    } finally {
      this.#commands--
    }
  }

  begin(): void {
    this.#open++
  }

  /** One of them has changed nothing, for certain. */
  wasHarmless(): void {
    this.#open--
  }
}

/** The record of the commit that the running code works for; none outside of one. */
export const attempts = new AsyncLocalStorage<Attempts>()

/** A commit with a record of its attempts: whether it may have been applied is known when it has thrown. */
export function recordCommit<T>(commit: () => Promise<T>): {
  commit: () => Promise<T>
  mayHaveCommitted: () => boolean
} {
  const record = new Attempts()
  return { commit: () => attempts.run(record, commit), mayHaveCommitted: () => record.mayHaveCommitted }
}

const reads = /^(Get|BatchGet|TransactGet|Query|Scan|Describe|List)/

/**
 * Records each attempt of a client to write, inside the SDK's retries. What a command throws in the end does not tell: a
 * first attempt that had no answer was perhaps applied, though the second met its own condition.
 */
export function recordAttempts(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const record = reads.test(commandName ?? '') ? undefined : attempts.getStore()
        return record ? record.command(() => next(args)) : next(args)
      },
    { step: 'initialize', name: 'recordCommand' },
  )
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const record = reads.test(commandName ?? '') ? undefined : attempts.getStore()
        if (!record) return next(args)
        record.begin()
        try {
          return await next(args)
        } catch (error) {
          if (isHarmless(error)) record.wasHarmless()
          throw error
        }
      },
    // Within one attempt: the retries are further out in the same step.
    { step: 'finalizeRequest', priority: 'low', name: 'recordAttempts' },
  )
}

/** Answers with 4xx after which a request may have been applied all the same: by an earlier one with its token. */
const inDoubt = new Set(['TransactionInProgressException', 'IdempotentParameterMismatchException'])

/** Faults of a certificate: nothing is sent to a server that cannot prove who it is. */
const ofCertificates = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** What the SDK and Node.js hang on an error. */
interface Details {
  code?: string
  syscall?: string
  errors?: unknown[]
  $metadata?: { httpStatusCode?: number }
}

/** Whether an attempt that failed in this way has changed nothing: it was refused, or nothing was sent. */
export function isHarmless(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, $metadata }: Error & Details = error
  const status = $metadata?.httpStatusCode
  if (status !== undefined) return status >= 400 && status < 500 && isOfDynamoDB(name) && !inDoubt.has(name)
  return wasNotSent(error)
}

/** Whether an answer is DynamoDB's own, by its name, and not that of something on the way, which may have passed the request on. */
const isOfDynamoDB = (name: string): boolean =>
  name === 'TransactionCanceledException' || (Object.hasOwn(errorKinds, name) && errorKinds[name] !== 'away')

function wasNotSent({ message, code, syscall, errors }: Error & Details): boolean {
  // Node.js tried several addresses.
  if (errors) return errors.length > 0 && errors.every((each) => each instanceof Error && wasNotSent(each))
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    ofCertificates.has(code ?? '') ||
    // The SDK's time limit for connecting tells itself by nothing else.
    /did not establish a connection/.test(message)
  )
}
