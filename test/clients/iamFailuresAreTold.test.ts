import { setTimeout as sleep } from 'node:timers/promises'
import type { AwsCredentialIdentity } from '@smithy/types'
import type { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { startIamCache } from '../support/iamCache.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session-token' }
const cache = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-test'
const server = await startIamCache('single', 'aisle-test')

async function start(given: () => Promise<AwsCredentialIdentity>) {
  const clock = { now: Date.parse('2026-03-01T12:00:00Z') }
  const now = () => clock.now
  const rules = { cache: 'aisle-test', region: 'eu-central-1', credentials, now }
  const { url, gate } = await server.open(rules)
  const redis = connectCache(url, { cache, credentials: given, now }) as Redis
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(() => {
    written.mockRestore()
    redis.disconnect()
  })
  return {
    redis,
    gate,
    minutes: (count: number) => {
      clock.now += count * 60_000
    },
    /** The lines of log since the test began. */
    lines: () =>
      written.mock.calls
        .map(([text]) => String(text))
        .join('')
        .split('\n')
        .filter((line) => line !== ''),
  }
}

const warning = (text: RegExp) => ({ level: 'warn', warnings: [expect.stringMatching(text)] })

test('a renewal that is refused or impossible is a warning in the log, without the token', async () => {
  let given = async () => credentials
  const { redis, gate, minutes, lines } = await start(() => given())
  await redis.get('aisle-test:a')
  minutes(11 * 60)
  given = async () => ({ ...credentials, secretAccessKey: 'wrong' })
  await redis.get('aisle-test:a')
  await expect.poll(lines).toHaveLength(1)
  expect(JSON.parse(lines()[0] ?? '')).toEqual(warning(/^The cache refused to renew a connection: WRONGPASS/))
  minutes(6)
  given = () => Promise.reject(new Error('no role'))
  await redis.get('aisle-test:a')
  await expect.poll(lines).toHaveLength(2)
  expect(JSON.parse(lines()[1] ?? '')).toEqual(warning(/^There is no token for the cache: no role$/))

  minutes(6)
  given = async () => credentials
  const { length } = gate.attempts
  await redis.get('aisle-test:a')
  await expect.poll(() => gate.attempts.length).toBe(length + 1)
  await redis.get('aisle-test:a')
  expect(lines()).toHaveLength(2)
  for (const secret of ['wrong', 'session-token', ...gate.attempts.map(({ token }) => token.slice(-64))])
    expect(lines().join()).not.toContain(secret)
})

test('so is a token for a new connection that cannot be made, at most once a minute', async () => {
  const { redis, gate, minutes, lines } = await start(() => Promise.reject(new Error('no role')))
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
  expect(gate.connections).toBe(0)
})

test('a connection that closes just when it is to be renewed is none: the next one is made', async () => {
  const { redis, gate, minutes, lines } = await start(async () => credentials)
  await redis.get('aisle-test:a')
  const { connections } = gate
  minutes(13 * 60)
  gate.closeAll()
  await redis.get('aisle-test:a').catch(() => {})
  await expect.poll(() => redis.get('aisle-test:a').catch(() => 'closed')).toBeNull()
  expect(gate.connections).toBe(connections + 1)
  expect(lines()).toEqual([])
})
