import { AsyncLocalStorage } from 'node:async_hooks'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { hasChangedNothing } from './hasChangedNothing.ts'

/** Tracks the write attempts of one commit, including those that the SDK repeats by itself. */
export class Attempts {
  /** Attempts that may have been applied. */
  #open = 0
  /** Commands that have not returned. Between two attempts, a command may have no open attempt. */
  #commands = 0

  /** Whether an attempt may have been applied: it succeeded, its outcome is unknown, or it is still running. */
  get mayHaveCommitted(): boolean {
    return this.#open > 0 || this.#commands > 0
  }

  /** Runs a command with all of its attempts. */
  async runCommand<T>(send: () => Promise<T>): Promise<T> {
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

  /** Records that an attempt has certainly changed nothing. */
  endWithoutChange(): void {
    this.#open--
  }
}

/** The attempts of the current commit; undefined outside a commit. */
export const attemptsOfCommit = new AsyncLocalStorage<Attempts>()

/** Wraps a commit so that, if it throws, the caller knows whether it may have been applied. */
export function recordCommit<T>(commit: () => Promise<T>): {
  commit: () => Promise<T>
  mayHaveCommitted: () => boolean
} {
  const attempts = new Attempts()
  return {
    commit: () => attemptsOfCommit.run(attempts, commit),
    mayHaveCommitted: () => attempts.mayHaveCommitted,
  }
}

const reads = /^(Get|BatchGet|TransactGet|Query|Scan|Describe|List)/

const findAttempts = (commandName: string | undefined): Attempts | undefined =>
  reads.test(commandName ?? '') ? undefined : attemptsOfCommit.getStore()

/**
 * Records each write attempt of a client, inside the SDK's retries. The error that a command throws in the end is not
 * enough: a first attempt without a response may have been applied, and the second attempt then fails its condition.
 */
export function recordAttempts(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const attempts = findAttempts(commandName)
        return attempts ? attempts.runCommand(() => next(args)) : next(args)
      },
    { step: 'initialize', name: 'recordCommand' },
  )
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const attempts = findAttempts(commandName)
        if (!attempts) return next(args)
        attempts.begin()
        try {
          return await next(args)
        } catch (error) {
          if (hasChangedNothing(error)) attempts.endWithoutChange()
          throw error
        }
      },
    // Within one attempt: the retries are further out in the same step.
    { step: 'finalizeRequest', priority: 'low', name: 'recordAttempts' },
  )
}
