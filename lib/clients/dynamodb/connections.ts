import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** At most as many connections per client as the SDK allows by default. */
const agentOptions = { keepAlive: true, maxSockets: 50 }

/**
 * Creates the agent that holds a client's connections, as an option of the SDK. Without an endpoint it is for AWS.
 */
export const createAgents = (endpoint: string | undefined) =>
  endpoint?.startsWith('http:')
    ? { httpAgent: new PlainAgent(agentOptions) }
    : { httpsAgent: new TlsAgent(agentOptions) }

/** Whether an attempt got no response. An attempt that its caller aborted says nothing about the connection. */
function hasNoResponse(error: unknown): boolean {
  const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode === undefined && name !== 'AbortError'
}

/**
 * Closes all idle connections if an attempt gets no response. A sandbox that thaws finds all its connections dead: as
 * many as it once had concurrent requests. Otherwise the second attempt would use the next dead connection, and the
 * request would fail.
 */
export function closeDeadConnections(client: DynamoDBClient, agents: ReturnType<typeof createAgents>): void {
  const closeIdle = () => {
    for (const { freeSockets } of Object.values(agents))
      for (const sockets of Object.values(freeSockets))
        for (const socket of [...(sockets ?? [])]) socket.destroy()
  }
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (error) {
        if (hasNoResponse(error)) closeIdle()
        throw error
      }
    },
    // Within one attempt: the retries are further out in the same step.
    { step: 'finalizeRequest', priority: 'low', name: 'closeDeadConnections' },
  )
}
