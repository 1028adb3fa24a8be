import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorKind, kindOf } from './errors.ts'

/** Runs one request to the database, perhaps several times. The request has to be one that knows its own success. */
export type Attempt = <T>(request: () => Promise<T>) => Promise<T>

export interface Patience {
  /** Which errors are worth another try. */
  kinds: readonly ErrorKind[]
  /** How long after the first try the last one may begin, ms. */
  patienceMs: number
  /** The longest that the first pause may last, and the longest of all, ms. */
  pauseMs: readonly [first: number, longest: number]
  /** Ends it: what failed last is thrown. */
  signal?: AbortSignal | undefined
}

/**
 * Repeats a request after pauses that double and are random, so that those who failed together do not come back together:
 * "full jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * The SDK repeats once by itself what was throttled, broken or not answered; this is for what it does not, and for those
 * who have more time than it knows of.
 */
export const retrying =
  ({ kinds, patienceMs, pauseMs: [first, longest], signal }: Patience): Attempt =>
  async (request) => {
    const until = performance.now() + patienceMs
    for (let most = first; ; most = Math.min(2 * most, longest)) {
      try {
        return await request()
      } catch (error) {
        const pause = Math.random() * most
        if (!kinds.includes(kindOf(error)) || performance.now() + pause > until) throw error
        await sleep(pause, undefined, signal && { signal }).catch(() => {
          throw error
        })
      }
    }
  }

/**
 * How the functions write: what meets another writer of the same item is tried again for three seconds. Every review and
 * every sale is a transaction on the item of its product, so those who write one that is popular do meet.
 */
export const writing = (signal?: AbortSignal): Attempt =>
  retrying({ kinds: ['busy'], patienceMs: 3_000, pauseMs: [25, 400], signal })
