import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/**
 * Changes a client so that DynamoDB executes a command and its response is lost, as on a broken connection.
 *
 * @returns `losses`, the number of responses that are still to be lost, where each retry of the SDK loses one; and
 *   `meanwhile`, which runs after each loss, before the retry
 */
export function loseResponses(db: DynamoDBDocumentClient, command: string) {
  const state: { losses: number; meanwhile?: () => Promise<unknown> } = { losses: 0 }
  db.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      if (context.commandName !== command || state.losses === 0) return result
      state.losses--
      await state.meanwhile?.()
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })
    },
    // Runs inside each attempt, because the retry middleware wraps it in the same step.
    { step: 'finalizeRequest', priority: 'low', name: `lose responses to ${command}` },
  )
  return state
}
