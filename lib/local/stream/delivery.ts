import { readFileSync, writeFileSync } from 'node:fs'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { connectLocal, localAccess } from '../servers/client.ts'
import type { LambdaRecord } from './event.ts'
import { streamMapping } from './filter.ts'
import { followStream } from './poller.ts'

/**
 * Delivers the stream of the local table to its function in serverless-offline, which does not do it itself.
 *
 * @param file keeps up to where it has delivered, so that the next start does not deliver a whole day again
 * @param lambdaUrl where serverless-offline invokes functions
 * @param onTrouble told of each trouble, in words; the delivery goes on
 */
export function startStreamDelivery({
  file,
  dynamodbEndpoint,
  lambdaUrl,
  onTrouble,
}: {
  file: string
  dynamodbEndpoint: string
  lambdaUrl: string
  onTrouble: (what: string) => void
}): { stop(): Promise<void> } {
  const db = connectLocal(dynamodbEndpoint)
  const streams = new DynamoDBStreamsClient(localAccess(dynamodbEndpoint))
  const mapping = streamMapping()
  const end = new AbortController()
  const positions = readPositions(file)
  let kept = ''
  let isTold = false
  const keep = () => {
    const now = JSON.stringify(Object.fromEntries(positions))
    try {
      if (now !== kept) writeFileSync(file, now)
      kept = now
      isTold = false
    } catch (error) {
      // A full disk costs the next start some deliveries that it has had already; nothing else.
      if (!isTold) onTrouble(`How far the stream is delivered cannot be kept: ${error}`)
      isTold = true
    }
  }
  const keeping = setInterval(keep, 1000).unref()
  const followed = followStream({
    ...{ db, streams, mapping, positions, onTrouble, signal: end.signal },
    invoke: (records, signal) =>
      invoke(`${lambdaUrl}/2015-03-31/functions/${mapping.functionName}/invocations`, records, signal),
  })
  return {
    async stop() {
      end.abort()
      await followed
      clearInterval(keeping)
      keep()
      db.destroy()
      streams.destroy()
    },
  }
}

/** Empty where there is no such file, or none that is whole: delivering again does no harm. */
function readPositions(file: string): Map<string, string> {
  try {
    return new Map(Object.entries<string>(JSON.parse(readFileSync(file, 'utf8'))))
  } catch {
    return new Map()
  }
}

/** The longest that a function may take, with time to start it, ms. */
const longest = 60_000

async function invoke(url: string, Records: LambdaRecord[], signal: AbortSignal): Promise<string[]> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ Records }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(longest)]),
  })
  const answer = (await response.json()) as Answer
  // A function that throws is a 200 here, with the error as its answer.
  if (!response.ok || !Array.isArray(answer?.batchItemFailures))
    throw new Error(answer?.errorMessage ?? answer?.Message ?? `HTTP ${response.status}`)
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

interface Answer {
  batchItemFailures?: { itemIdentifier: string }[]
  errorMessage?: string
  Message?: string
}
