import { setTimeout as sleep } from 'node:timers/promises'
import type { AwsCredentialIdentity } from '@smithy/types'
import type { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { startIamCache } from '../support/iamCache.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session-token' }
const cache = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-test'
const server = await startIamCache('single', 'aisle-test')

async function start(getCredentials: () => Promise<AwsCredentialIdentity>) {
  const clock = { now: Date.parse('2026-03-01T12:00:00Z') }
  const now = () => clock.now
  const rules = { cache: 'aisle-test', region: 'eu-central-1', credentials, now }
  const { url, proxy } = await server.open(rules)
  const redis = connectCache(url, { cache, credentials: getCredentials, now }) as Redis
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(() => {
    written.mockRestore()
    redis.disconnect()
  })
  return {
    redis,
    proxy,
    minutes: (count: number) => {
      clock.now += count * 60_000
    },
    /** The log lines since the test began. */
    lines: () =>
      written.mock.calls
        .map(([text]) => String(text))
        .join('')
        .split('\n')
        .filter((line) => line !== ''),
  }
}

const warning = (text: RegExp) => ({ level: 'warn', warnings: [expect.stringMatching(text)] })

test('a renewal that is refused or impossible logs a warning without the token', async () => {
  let getCredentials = async () => credentials
  const { redis, proxy, minutes, lines } = await start(() => getCredentials())
  await redis.get('aisle-test:a')
  minutes(11 * 60)
  getCredentials = async () => ({ ...credentials, secretAccessKey: 'wrong' })
  await redis.get('aisle-test:a')
  await expect.poll(lines).toHaveLength(1)
  expect(JSON.parse(lines()[0] ?? '')).toEqual(warning(/^The cache refused to renew a connection: WRONGPASS/))
  minutes(6)
  getCredentials = () => Promise.reject(new Error('no role'))
  await redis.get('aisle-test:a')
  await expect.poll(lines).toHaveLength(2)
  expect(JSON.parse(lines()[1] ?? '')).toEqual(warning(/^There is no token for the cache: no role$/))

  minutes(6)
  getCredentials = async () => credentials
  const { length } = proxy.attempts
  await redis.get('aisle-test:a')
  await expect.poll(() => proxy.attempts.length).toBe(length + 1)
  await redis.get('aisle-test:a')
  expect(lines()).toHaveLength(2)
  for (const secret of ['wrong', 'session-token', ...proxy.attempts.map(({ token }) => token.slice(-64))])
    expect(lines().join()).not.toContain(secret)
})

test('a token that cannot be created for a new connection logs a warning, at most once a minute', async () => {
  const { redis, proxy, minutes, lines } = await start(() => Promise.reject(new Error('no role')))
  const fail = async () => {
    for (let n = 0; n < 10; n++) {
      await expect(redis.get('aisle-test:a')).rejects.toThrow()
      await sleep(20)
    }
  }
  await fail()
  expect(lines().map((line) => JSON.parse(line))).toEqual([
    warning(/^There is no token for the cache: no role$/),
  ])
  minutes(1)
  await fail()
  expect(lines()).toHaveLength(2)
  expect(proxy.connections).toBe(0)
})

test('a connection that closes while it is due for renewal logs no warning, and a new one is opened', async () => {
  const { redis, proxy, minutes, lines } = await start(async () => credentials)
  await redis.get('aisle-test:a')
  const { connections } = proxy
  minutes(13 * 60)
  proxy.closeAll()
  await redis.get('aisle-test:a').catch(() => {})
  await expect.poll(() => redis.get('aisle-test:a').catch(() => 'closed')).toBeNull()
  expect(proxy.connections).toBe(connections + 1)
  expect(lines()).toEqual([])
})
