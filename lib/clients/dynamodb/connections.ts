import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** The most connections of one client: as many as the SDK's own default. */
const most = { keepAlive: true, maxSockets: 50 }

/** What keeps the connections of a client to an endpoint, in the SDK's terms; without an endpoint to AWS. */
export const connectionsTo = (endpoint: string | undefined) =>
  endpoint?.startsWith('http:') ? { httpAgent: new PlainAgent(most) } : { httpsAgent: new TlsAgent(most) }

/** Whether nothing came back, though somebody waited: a caller that gave up says nothing of the connection. */
function hadNoAnswer(error: unknown): boolean {
  const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode === undefined && name !== 'AbortError'
}

/**
 * Leaves all idle connections when an attempt had no answer. A sandbox that thaws finds its connections dead, as many of
 * them as it once had requests at the same time; without this the second attempt would take the next dead one, and the
 * request fail.
 */
export function leaveDeadConnections(client: DynamoDBClient, agents: ReturnType<typeof connectionsTo>): void {
  const leave = () => {
    for (const { freeSockets } of Object.values(agents))
      for (const sockets of Object.values(freeSockets))
        for (const socket of [...(sockets ?? [])]) socket.destroy()
  }
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (error) {
        if (hadNoAnswer(error)) leave()
        throw error
      }
    },
    // Within one attempt: the retries are further out in the same step.
    { step: 'finalizeRequest', priority: 'low', name: 'leaveDeadConnections' },
  )
}
