import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { Redis } from 'ioredis'
import { SetupError } from '../../project/setupError.ts'
import { connectLocal } from './client.ts'

/**
 * Checks that the Redis of `REDIS_URL` answers within 3 s.
 *
 * @throws {SetupError} if it does not; the message names the remedy
 */
export async function checkRedis(url: string): Promise<void> {
  checkUrl('REDIS_URL', url, ['redis:', 'rediss:'])
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3000,
    commandTimeout: 3000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let reason = ''
  redis.on('error', (error) => {
    reason = error.message
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (error) {
    throw notAnswering('REDIS_URL', 'Redis', url, reason || String(error))
  } finally {
    redis.disconnect()
  }
}

/**
 * Checks that the DynamoDB Local of `DYNAMODB_ENDPOINT` answers within 3 s.
 *
 * @throws {SetupError} if it does not; the message names the remedy
 */
export async function checkDynamoDB(url: string): Promise<void> {
  checkUrl('DYNAMODB_ENDPOINT', url, ['http:', 'https:'])
  const client = connectLocal(url)
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }), { abortSignal: AbortSignal.timeout(3000) })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw notAnswering('DYNAMODB_ENDPOINT', 'DynamoDB', url, reason)
  } finally {
    client.destroy()
  }
}

/** Returns a URL with `***` in place of its password. */
export function redactPassword(url: string): string {
  const parsed = new URL(url)
  if (parsed.password) parsed.password = '***'
  return parsed.href.replace(/\/$/, '')
}

function checkUrl(variable: string, url: string, protocols: string[]): void {
  if (!protocols.includes(URL.parse(url)?.protocol ?? ''))
    throw new SetupError(
      `${variable} must be a URL that starts with ${protocols.join('// or ')}//. Correct it or unset it`,
    )
}

const notAnswering = (variable: string, name: string, url: string, reason: string) =>
  new SetupError(
    `${variable} is ${redactPassword(url)}, but no ${name} answers there (${reason || 'no connection'}). ` +
      `Start that ${name}, correct the variable, or unset it to use the ${name} that npm start starts`,
  )
