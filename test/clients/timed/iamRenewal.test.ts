import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { AwsCredentialIdentity } from '@smithy/types'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { startControlOnly } from '../../support/controlOnly.ts'
import { startIamCache } from '../../support/iamCache.ts'
import { timed } from '../../support/timed.ts'

const prefix = 'aisle-test'
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' }
const cache = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-test'

const quiet = await startControlOnly()

describe.each([
  ['rediss', await startIamCache('single', prefix)],
  ['rediss-cluster', await startIamCache('cluster', prefix)],
])('%s', (scheme, server) => {
  async function start(getCredentials: () => Promise<AwsCredentialIdentity> = async () => credentials) {
    const clock = { now: Date.parse('2026-03-01T12:00:00Z') }
    const now = () => clock.now
    const rules = { cache: 'aisle-test', region: 'eu-central-1', credentials, now }
    const { url, proxy } = await server.open(rules)
    const redis = connectCache(url, { cache, credentials: getCredentials, now })
    onTestFinished(() => redis.disconnect())
    const errors: unknown[] = []
    const texts = createCacheAside<string>({
      redis,
      prefix,
      name: 'text',
      load: async (id) => ({ value: id, version: 1 }),
      onEvent: (event) => 'error' in event && errors.push(event.error),
    })
    const hours = (count: number) => {
      clock.now += count * 3_600_000
    }
    const isHit = async () => (await texts.get('a')).status.hit
    /** Reads for 2.5 s, and checks that every read succeeds. */
    const readForAWhile = async () => {
      const end = Date.now() + 2500
      while (Date.now() < end) {
        expect((await texts.get('a')).value).toBe('a')
        await sleep(5)
      }
    }
    return { redis, proxy, hours, texts, isHit, readForAWhile, errors }
  }

  /** Does the same with a secret access key that the test can replace. */
  async function startWithSecret(secretAccessKey: string) {
    const key = { secretAccessKey }
    return { key, ...(await start(async () => ({ ...credentials, ...key }))) }
  }

  timed('all connections authenticate with one token', quiet, async () => {
    const { proxy, isHit, texts, errors, redis } = await start()
    await redis.get(texts.key('a'))
    await texts.get('a')
    expect(await isHit()).toBe(true)
    expect(proxy.attempts.length).toBeGreaterThan(0)
    expect(proxy.attempts.filter(({ refusal }) => refusal)).toEqual([])
    expect(new Set(proxy.attempts.map(({ token }) => token)).size).toBe(1)
    expect(errors).toEqual([])
  })

  timed('a new connection has a token that is still valid', quiet, async () => {
    const { proxy, hours, isHit, errors } = await start()
    await expect.poll(isHit).toBe(true)
    for (const pause of [0.1, 0.2, 0.26, 5, 30]) {
      hours(pause)
      proxy.closeAll()
      await expect.poll(isHit).toBe(true)
    }
    expect(proxy.attempts.filter(({ refusal }) => refusal)).toEqual([])
    // The first token still serves after six minutes, but not after eighteen.
    expect(new Set(proxy.attempts.map(({ token }) => token)).size).toBe(5)
    expect(errors.filter((error) => /WRONGPASS|NOAUTH/.test(String(error)))).toEqual([])
  })

  timed('a connection in use stays open for days', quiet, async () => {
    const { proxy, hours, isHit } = await start()
    await expect.poll(isHit).toBe(true)
    const { connections } = proxy
    for (let hour = 0; hour < 48; hour++) {
      hours(1)
      expect((await Promise.all(Array.from({ length: 20 }, isHit))).every(Boolean)).toBe(true)
      // This reply comes after the reply to AUTH, if one was sent, and before the clock advances.
      expect(await isHit()).toBe(true)
    }
    expect(proxy.connections).toBe(connections)
    const renewals = proxy.attempts
      .filter(({ command }) => command === 'AUTH')
      .slice(scheme === 'rediss-cluster' ? 1 : 0)
    expect(renewals.length).toBe(4)
    expect(renewals.filter(({ refusal }) => refusal)).toEqual([])
    expect(new Set(renewals.map(({ token }) => token)).size).toBe(4)
  })

  timed('a connection that carries only batches stays open as well', quiet, async () => {
    const { proxy, hours, texts } = await start()
    const ids = Array.from({ length: 30 }, (_, n) => `m${n}`)
    const hits = async () => (await texts.getMany(ids)).filter(({ status }) => status.hit).length
    await expect.poll(hits).toBe(30)
    const { connections } = proxy
    for (let hour = 0; hour < 36; hour++) {
      hours(1)
      expect(await hits()).toBe(30)
    }
    expect(proxy.connections).toBe(connections)
  })

  timed(
    'a renewal that is refused or impossible leaves the connection in use, and is tried again',
    quiet,
    async () => {
      let getCredentials: () => Promise<AwsCredentialIdentity> = async () => credentials
      const { proxy, hours, isHit } = await start(() => getCredentials())
      await expect.poll(isHit).toBe(true)
      const { connections } = proxy
      hours(11)
      getCredentials = async () => ({ ...credentials, secretAccessKey: 'wrong' })
      expect(await isHit()).toBe(true)
      await expect.poll(() => proxy.attempts.at(-1)?.refusal).toMatch('X-Amz-Signature')
      const { length } = proxy.attempts
      for (let n = 0; n < 20; n++) expect(await isHit()).toBe(true)
      expect(proxy.attempts.length).toBe(length)
      hours(0.1)
      getCredentials = () => Promise.reject(new Error('no role'))
      expect(await isHit()).toBe(true)
      await sleep(50)
      hours(0.1)
      getCredentials = async () => credentials
      expect(await isHit()).toBe(true)
      await expect.poll(() => proxy.attempts.length).toBe(length + 1)
      expect(proxy.attempts.at(-1)?.refusal).toBeUndefined()
      hours(10)
      expect(await isHit()).toBe(true)
      expect(proxy.connections).toBe(connections)
    },
  )

  timed(
    'while tokens are refused, the database serves the reads, and the client tries the cache rarely',
    quiet,
    async () => {
      const { key, proxy, isHit, readForAWhile, errors } = await startWithSecret('wrong')
      await readForAWhile()
      expect(errors.map(String).join()).toMatch(/WRONGPASS/)
      // Every attempt presents one token, which is refused.
      expect(proxy.attempts.length).toBeGreaterThan(1)
      expect(proxy.attempts.length).toBeLessThanOrEqual(4)
      expect(proxy.connections).toBe(proxy.attempts.length)
      const seen = inspect(errors, { depth: 9, showHidden: true })
      for (const { token } of proxy.attempts) expect(seen).not.toContain(token.slice(-64))
      key.secretAccessKey = credentials.secretAccessKey
      await expect.poll(isHit, { timeout: 5000 }).toBe(true)
    },
  )

  timed(
    'the same holds if the cache starts to refuse tokens after the client has connected',
    quiet,
    async () => {
      const { key, proxy, isHit, readForAWhile, hours } = await startWithSecret('secret')
      await expect.poll(isHit).toBe(true)
      key.secretAccessKey = 'wrong'
      hours(1)
      proxy.closeAll()
      const before = proxy.connections
      await readForAWhile()
      expect(proxy.connections - before).toBeGreaterThan(0)
      expect(proxy.connections - before).toBeLessThanOrEqual(5)
      key.secretAccessKey = 'secret'
      await expect.poll(isHit, { timeout: 5000 }).toBe(true)
    },
  )

  timed(
    'while credentials cannot be loaded, the database serves the reads, and the cache returns afterwards',
    quiet,
    async () => {
      let fails = true
      const { proxy, texts, isHit } = await start(async () => {
        if (fails) throw new Error('no role')
        return credentials
      })
      for (let n = 0; n < 10; n++) expect((await texts.get('a')).value).toBe('a')
      expect(proxy.connections).toBe(0)
      fails = false
      await expect.poll(isHit, { timeout: 5000 }).toBe(true)
    },
  )

  test('a command fails quickly if no server listens', async () => {
    const redis = connectCache(`${scheme}://me@127.0.0.1:${await freePort()}`, {
      cache,
      credentials: async () => credentials,
    })
    onTestFinished(() => redis.disconnect())
    const start = performance.now()
    await expect(redis.get('x')).rejects.toThrow()
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

test('a token is never sent without TLS or without a user', () => {
  const iam = { cache, credentials: async () => credentials }
  for (const url of ['redis://me@127.0.0.1:1', 'redis-cluster://me@127.0.0.1:1', 'rediss://127.0.0.1:1']) {
    expect(() => connectCache(url, iam)).toThrow('REDIS_URL must use TLS and name the user')
  }
  expect(() => connectCache('rediss://me@127.0.0.1:1', { ...iam, cache: 'aisle' })).toThrow(
    'REDIS_IAM is aisle',
  )
})
