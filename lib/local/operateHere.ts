import { answersHttp } from '../local/servers/dynamodbServer.ts'
import type { OperationResult } from '../operations/operate.ts'
import type { Operation } from '../operations/operation.ts'
import { SetupError } from '../project/setupError.ts'
import { checkRedis } from './servers/checkServers.ts'

const mostMs = 60_000

/**
 * Operates on the servers that the environment names, or on those of `npm start`.
 *
 * @throws {SetupError} that says which of them does not answer, and what to do
 */
export async function operateHere(operation: Operation, env: NodeJS.ProcessEnv): Promise<OperationResult> {
  const dynamodbEndpoint = env.DYNAMODB_ENDPOINT || 'http://127.0.0.1:8000'
  const redisUrl = env.REDIS_URL || 'redis://127.0.0.1:6379'
  const remedy = 'run npm start in another terminal'
  await checkRedis(redisUrl).catch((error: Error) => {
    throw env.REDIS_URL
      ? error
      : new SetupError(`No Redis answers at ${redisUrl}: ${remedy}, or set REDIS_URL`)
  })
  if (!(await answersHttp(dynamodbEndpoint)))
    throw new SetupError(`No database answers at ${dynamodbEndpoint}: ${remedy}, or set DYNAMODB_ENDPOINT`)
  // The catalog loads the AWS SDK: only now that there is something to do.
  const [{ openCatalogUpkeep }, { operate }] = await Promise.all([
    import('../catalog/upkeep.ts'),
    import('../operations/operate.ts'),
  ])
  const catalog = openCatalogUpkeep({ table: env.TABLE_NAME || 'aisle-local', redisUrl, dynamodbEndpoint })
  try {
    await catalog.redis.connect()
    return await operate(catalog, operation, performance.now() + mostMs)
  } finally {
    catalog.close()
  }
}
