import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/**
 * Wraps a client so that DynamoDB does what a command says, and its answer is lost on the way back, as by a broken
 * connection. `losses` says how many times more; the SDK's own retries come on top of it. `meanwhile` is what others do
 * before the repetition.
 */
export function loseAnswers(db: DynamoDBDocumentClient, command: string) {
  const chaos: { losses: number; meanwhile?: () => Promise<unknown> } = { losses: 0 }
  db.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      if (context.commandName !== command || chaos.losses === 0) return result
      chaos.losses--
      await chaos.meanwhile?.()
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })
    },
    // Within one attempt: the retries are further out in the same step.
    { step: 'finalizeRequest', priority: 'low', name: `lose answers to ${command}` },
  )
  return chaos
}
