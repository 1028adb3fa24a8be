import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { connectLocal, localAccess } from '../../lib/local/servers/client.ts'
import { streamMapping } from '../../lib/local/stream/filter.ts'
import { followStream } from '../../lib/local/stream/poller.ts'
import { definition } from '../../lib/project/definition.ts'
import { putClockAhead } from '../support/clock.ts'
import { serve, setupOf } from '../support/serve.ts'

/** A process with the function that follows the table's stream, and what delivers it. Follows it from the start on. */
const env = setupOf<Record<string, string>>()
Object.assign(process.env, env)
putClockAhead(0)
const { handler } = await import('../../functions/onProductChange.ts')
const { functions } = definition()
const endpoint = env.DYNAMODB_ENDPOINT ?? ''

const contextOf = () => {
  const end = performance.now() + functions.onProductChange.timeout * 1000
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

void followStream({
  db: connectLocal(endpoint),
  streams: new DynamoDBStreamsClient(localAccess(endpoint)),
  mapping: { ...streamMapping(), table: env.TABLE_NAME ?? '' },
  positions: new Map(),
  // It is tried again, and the table tells how long that took.
  onTrouble: () => {},
  signal: new AbortController().signal,
  async invoke(records) {
    const { batchItemFailures } = await handler(
      { Records: records } as unknown as DynamoDBStreamEvent,
      contextOf(),
    )
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  },
})

const methods = {
  async putClockAhead({ ms }: { ms: number }) {
    putClockAhead(ms)
  },
}
export type StreamMethods = typeof methods

serve(methods)
