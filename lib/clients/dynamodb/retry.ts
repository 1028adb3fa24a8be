import { setTimeout as sleep } from 'node:timers/promises'
import { classifyDatabaseError, type ErrorKind } from './errors.ts'

/**
 * Sends a request to the database, and sends it again if an attempt fails. The request must recognise an earlier
 * attempt of its own that succeeded.
 */
export type Retry = <T>(request: () => Promise<T>) => Promise<T>

interface RetryOptions {
  /** The errors after which the request is sent again. */
  kinds: readonly ErrorKind[]
  /** How long after the first attempt the last one may begin, in ms. */
  patienceMs: number
  /** The upper bounds of the first backoff and of every backoff, in ms. */
  pauseMs: readonly [first: number, longest: number]
  /** Ends the retries: the last error is thrown. */
  signal?: AbortSignal | undefined
}

/**
 * Creates a retry with exponential backoff and full jitter, so that requests that failed together do not return
 * together:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * The SDK itself repeats a request once if it was throttled, failed on the server or got no response. This retry is
 * for errors that the SDK does not repeat, and for callers with more time than the SDK knows of.
 */
export const createRetry =
  ({ kinds, patienceMs, pauseMs: [first, longest], signal }: RetryOptions): Retry =>
  async (request) => {
    const until = performance.now() + patienceMs
    for (let most = first; ; most = Math.min(2 * most, longest)) {
      try {
        return await request()
      } catch (error) {
        const pause = Math.random() * most
        const isRetryable = kinds.includes(classifyDatabaseError(error))
        if (!isRetryable || performance.now() + pause > until) throw error
        await sleep(pause, undefined, signal && { signal }).catch(() => {
          throw error
        })
      }
    }
  }

/**
 * Creates the retry for writes of the functions. It repeats a write for up to three seconds while other writes to the
 * same item are running. Every review and every sale is a transaction on the item of its product, so writers of a
 * popular product collide.
 */
export const retryBusyWrites = (signal?: AbortSignal): Retry =>
  createRetry({ kinds: ['busy'], patienceMs: 3_000, pauseMs: [25, 400], signal })
