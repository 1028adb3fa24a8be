import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { connectLocal, localClientConfig } from '../../lib/local/servers/client.ts'
import { readEventSourceMapping } from '../../lib/local/stream/eventSourceMapping.ts'
import { followStream } from '../../lib/local/stream/followStream.ts'
import { readServerlessYml } from '../../lib/project/serverlessYml.ts'
import { putClockAhead } from '../support/clock.ts'
import { readSetup, serve } from '../support/serve.ts'

// A process that follows the table's stream from its start, and invokes the function of the stream.

const env = readSetup<Record<string, string>>()
Object.assign(process.env, env)
putClockAhead(0)
const { handler } = await import('../../functions/onProductChange.ts')
const { functions } = readServerlessYml()
const endpoint = env.DYNAMODB_ENDPOINT ?? ''

function createContext() {
  const end = performance.now() + functions.onProductChange.timeout * 1000
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

void followStream({
  db: connectLocal(endpoint),
  streams: new DynamoDBStreamsClient(localClientConfig(endpoint)),
  mapping: { ...readEventSourceMapping(), table: env.TABLE_NAME ?? '' },
  positions: new Map(),
  // It is retried. The recorded reads show how long that took.
  onWarning: () => {},
  signal: new AbortController().signal,
  async invoke(records) {
    const event: object = { Records: records }
    const { batchItemFailures } = await handler(event as DynamoDBStreamEvent, createContext())
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  },
})

const methods = {
  async putClockAhead({ ms }: { ms: number }) {
    putClockAhead(ms)
  },
}
export type StreamProcessMethods = typeof methods

serve(methods)
