import { setTimeout as sleep } from 'node:timers/promises'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { connectCache } from '../../clients/redis/index.ts'
import { SetupError } from '../../project/setupError.ts'
import { connectLocal } from './client.ts'

/** How long a server may take to answer, in ms. */
const answerMs = 3000

/**
 * Checks that the Redis of `REDIS_URL` answers within 3 s: a single server or a cluster, with or without TLS. It uses
 * the catalogue's own client, so it accepts every address that the catalogue accepts.
 *
 * @throws {SetupError} if it does not; the message names the remedy
 */
export async function checkRedis(url: string): Promise<void> {
  const redis = openRedis(url)
  redis.on('error', () => {})
  const deadline = new AbortController()
  try {
    // Two keys of different slots. A node of a cluster refuses them, if the address is that of a single server.
    const keys = redis.isCluster ? ['aisle:check'] : ['aisle:check', 'aisle:other']
    const answer = redis.exists(...keys).catch((error: Error) => {
      // The server knows this user, who may use only the keys of the catalogue.
      if (!error.message.startsWith('NOPERM')) throw error
    })
    const timeout = sleep(answerMs, undefined, { signal: deadline.signal }).then(() => {
      throw new Error(`no answer within ${answerMs / 1000} s`)
    })
    await Promise.race([answer, timeout])
  } catch (error) {
    throw notAnswering('REDIS_URL', 'Redis', url, error instanceof Error ? error.message : String(error))
  } finally {
    deadline.abort()
    redis.disconnect()
  }
}

function openRedis(url: string): ReturnType<typeof connectCache> {
  try {
    return connectCache(url)
  } catch (error) {
    // Only an invalid address. Its message does not contain the address.
    throw new SetupError(`${(error as Error).message}. Correct REDIS_URL or unset it`)
  }
}

/**
 * Checks that the DynamoDB Local of `DYNAMODB_ENDPOINT` answers within 3 s.
 *
 * @throws {SetupError} if it does not; the message names the remedy
 */
export async function checkDynamoDB(url: string): Promise<void> {
  if (!['http:', 'https:'].includes(URL.parse(url)?.protocol ?? ''))
    throw new SetupError(
      'DYNAMODB_ENDPOINT must be a URL that starts with http:// or https://. Correct it or unset it',
    )
  const client = connectLocal(url)
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }), { abortSignal: AbortSignal.timeout(answerMs) })
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

const notAnswering = (variable: string, name: string, url: string, reason: string) =>
  new SetupError(
    `${variable} is ${redactPassword(url)}, but no ${name} answers there (${reason || 'no connection'}). ` +
      `Start that ${name}, correct the variable, or unset it to use the ${name} that npm start starts`,
  )
