import { setTimeout as sleep } from 'node:timers/promises'
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import type { Attempt } from '../catalog/upsert.ts'
import { isUnavailable } from '../dynamodb.ts'

/** The longest that one pause may last, in ms. */
const longestPause = 5000

/**
 * Repeats a request that was throttled, or that a slow or absent database did not answer, with pauses that double and
 * are random ("full jitter"), so that rows which failed together do not come back together.
 *
 * @param patienceMs how long one request is repeated before its error is thrown
 * @param signal gives up at the next failure
 */
export const retrying =
  ({ patienceMs, signal }: { patienceMs: number; signal?: AbortSignal | undefined }): Attempt =>
  async (request) => {
    const until = Date.now() + patienceMs
    for (let most = 50; ; most = Math.min(2 * most, longestPause)) {
      try {
        return await request()
      } catch (error) {
        const pause = Math.random() * most
        if (!isTransient(error) || signal?.aborted || Date.now() + pause > until) throw error
        await sleep(pause)
      }
    }
  }

/** Whether another try may do. A transaction that met another one on the same item is as good as throttled. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return isUnavailable(error)
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code)
  return (
    !codes.includes('ConditionalCheckFailed') &&
    codes.some((code) => code && /Throttling|TransactionConflict|ProvisionedThroughputExceeded/.test(code))
  )
}

/** Whether the database could not be reached at all. */
export const isAway = (error: unknown): boolean =>
  error instanceof Error &&
  /^(Timeout|E(CONN|TIMEDOUT|PIPE|AI_AGAIN|NOTFOUND|HOSTUNREACH|NETUNREACH))/.test(
    (error as NodeJS.ErrnoException).code ?? error.name,
  )

/** Whether an error is about the table or the credentials: no other row would fare better. */
export const concernsAll = (error: unknown): boolean =>
  error instanceof Error &&
  /^(ResourceNotFound|AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|MissingAuthenticationToken|CredentialsProvider)/.test(
    error.name,
  )
