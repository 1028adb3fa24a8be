import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { Redis } from 'ioredis'
import { SetupError } from '../../project/setupError.ts'
import { connectLocal } from './client.ts'

/**
 * Checks that the Redis that `REDIS_URL` names answers, within 3 s.
 *
 * @throws {SetupError} that says what to do
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
  let why = ''
  redis.on('error', (error) => {
    why = error.message
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (error) {
    throw dead('REDIS_URL', 'Redis', url, why || String(error))
  } finally {
    redis.disconnect()
  }
}

/**
 * Checks that the DynamoDB Local that `DYNAMODB_ENDPOINT` names answers, within 3 s.
 *
 * @throws {SetupError} that says what to do
 */
export async function checkDynamoDB(url: string): Promise<void> {
  checkUrl('DYNAMODB_ENDPOINT', url, ['http:', 'https:'])
  const client = connectLocal(url)
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }), { abortSignal: AbortSignal.timeout(3000) })
  } catch (error) {
    throw dead('DYNAMODB_ENDPOINT', 'DynamoDB', url, error instanceof Error ? error.message : String(error))
  } finally {
    client.destroy()
  }
}

/** A URL without the password in it. */
export function withoutSecret(url: string): string {
  const parsed = new URL(url)
  if (parsed.password) parsed.password = '***'
  return parsed.href.replace(/\/$/, '')
}

function checkUrl(variable: string, url: string, protocols: string[]): void {
  if (!protocols.includes(URL.parse(url)?.protocol ?? ''))
    throw new SetupError(
      `${variable} must be a URL that starts with ${protocols.join('// or ')}//: correct it or unset it`,
    )
}

const dead = (variable: string, name: string, url: string, why: string) =>
  new SetupError(
    `${variable} is ${withoutSecret(url)}, but no ${name} answers there (${why || 'no connection'}). ` +
      'Start it, correct the variable, or unset it to have one started',
  )
