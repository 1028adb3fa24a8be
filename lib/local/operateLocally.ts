import type { Operation } from '../operations/operation.ts'
import type { OperationResult } from '../operations/runOperation.ts'
import { SetupError } from '../project/setupError.ts'
import { requireDatabase } from './requireDatabase.ts'
import { checkRedis } from './servers/checkServers.ts'

const timeoutMs = 60_000

/**
 * Runs an operation on the servers that the environment names, or on those of `npm start`.
 *
 * @throws {SetupError} if a server does not answer that the operation needs; the message names it and the remedy
 */
export async function operateLocally(operation: Operation, env: NodeJS.ProcessEnv): Promise<OperationResult> {
  const dynamodbEndpoint = env.DYNAMODB_ENDPOINT || 'http://127.0.0.1:8000'
  const redisUrl = env.REDIS_URL || 'redis://127.0.0.1:6379'
  await checkRedis(redisUrl).catch((error: Error) => {
    throw env.REDIS_URL
      ? error
      : new SetupError(`No Redis answers at ${redisUrl}: run npm start in another terminal, or set REDIS_URL`)
  })
  // Entries can be removed while the database is down. The result then says that the products were not checked.
  if (operation.action !== 'invalidate') await requireDatabase(dynamodbEndpoint, 'or set DYNAMODB_ENDPOINT')
  // Imported only after the checks, because the catalogue loads the AWS SDK.
  const [{ openCatalogUpkeep }, { runOperation }] = await Promise.all([
    import('../catalog/upkeep.ts'),
    import('../operations/runOperation.ts'),
  ])
  const catalog = openCatalogUpkeep({ table: env.TABLE_NAME || 'aisle-local', redisUrl, dynamodbEndpoint })
  try {
    await catalog.redis.connect()
    return await runOperation(catalog, operation, performance.now() + timeoutMs)
  } finally {
    catalog.close()
  }
}
