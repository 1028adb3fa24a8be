import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { testDynamodbEndpoint } from './dynamodb.ts'

/**
 * Connects a client of the run's DynamoDB Local that runs `before` before it sends its first command of this name. If
 * `before` throws, the command fails with that error, and `before` runs again before the next command of this name.
 *
 * @param commandName such as `PutItemCommand`
 * @param before takes the input of the command
 */
export function interposed(commandName: string, before: (input: object) => unknown): DynamoDBDocumentClient {
  const db = connectLocal(testDynamodbEndpoint())
  let done = false
  db.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === commandName && !done) {
        await before(args.input)
        done = true
      }
      return next(args)
    },
    { step: 'initialize', name: 'interposed' },
  )
  return db
}
