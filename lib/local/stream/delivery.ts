import { readFileSync, writeFileSync } from 'node:fs'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { connectLocal, localClientConfig } from '../servers/client.ts'
import { readEventSourceMapping } from './eventSourceMapping.ts'
import { followStream } from './followStream.ts'
import type { LambdaRecord } from './lambdaRecord.ts'
import { isPosition, type Position } from './position.ts'

/**
 * Starts delivering the stream of the local table to its function in serverless-offline, which does not do so itself.
 *
 * @param file stores the positions in the stream, so that the next start does not deliver a whole day's records again
 * @param lambdaUrl the address at which serverless-offline invokes functions
 * @param onWarning receives a sentence for each problem; the delivery continues
 */
export function startStreamDelivery({
  file,
  dynamodbEndpoint,
  lambdaUrl,
  onWarning,
}: {
  file: string
  dynamodbEndpoint: string
  lambdaUrl: string
  onWarning: (message: string) => void
}): { stop(): Promise<void> } {
  const db = connectLocal(dynamodbEndpoint)
  const streams = new DynamoDBStreamsClient(localClientConfig(dynamodbEndpoint))
  const mapping = readEventSourceMapping()
  const end = new AbortController()
  const positions = readPositions(file)
  let saved = ''
  let hasWarned = false
  const savePositions = () => {
    const text = JSON.stringify(Object.fromEntries(positions))
    try {
      if (text !== saved) writeFileSync(file, text)
      saved = text
      hasWarned = false
    } catch (error) {
      // The only effect, for example of a full disk, is that the next start delivers some records again.
      if (!hasWarned) onWarning(`Cannot save the position in the table's stream: ${error}`)
      hasWarned = true
    }
  }
  const timer = setInterval(savePositions, 1000).unref()
  const followed = followStream({
    ...{ db, streams, mapping, positions, onWarning, signal: end.signal },
    invoke: (records, signal) =>
      invoke(`${lambdaUrl}/2015-03-31/functions/${mapping.functionName}/invocations`, records, signal),
  })
  return {
    async stop() {
      end.abort()
      await followed
      clearInterval(timer)
      savePositions()
      db.destroy()
      streams.destroy()
    },
  }
}

/**
 * Reads the saved positions. A missing or damaged file gives none, because delivering records twice does no harm. An
 * entry in the form of an earlier release is left out: it lacks the id of the event, without which it may mean another
 * record.
 */
export function readPositions(file: string): Map<string, Position> {
  try {
    const saved = Object.entries<unknown>(JSON.parse(readFileSync(file, 'utf8')))
    return new Map(saved.filter((entry): entry is [string, Position] => isPosition(entry[1])))
  } catch {
    return new Map()
  }
}

/** The longest time for an invocation, which includes the start of the function, in ms. */
const timeoutMs = 60_000

async function invoke(url: string, Records: LambdaRecord[], signal: AbortSignal): Promise<string[]> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ Records }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  })
  const answer = (await response.json()) as InvocationResult
  // serverless-offline answers 200 with the error in the body if the function throws.
  if (!response.ok || !Array.isArray(answer?.batchItemFailures))
    throw new Error(answer?.errorMessage ?? answer?.Message ?? `HTTP ${response.status}`)
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

interface InvocationResult {
  batchItemFailures?: { itemIdentifier: string }[]
  errorMessage?: string
  Message?: string
}
