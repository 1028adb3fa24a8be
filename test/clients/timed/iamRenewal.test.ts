import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { AwsCredentialIdentity } from '@smithy/types'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { freePort } from '../../../lib/local/servers/server.ts'
import { startIamCache } from '../../support/iamCache.ts'
import { startQuiet } from '../../support/quiet.ts'
import { timed } from '../../support/timed.ts'

const prefix = 'aisle-test'
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' }
const cache = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-test'

const quiet = await startQuiet()

describe.each([
  ['rediss', await startIamCache('single', prefix)],
  ['rediss-cluster', await startIamCache('cluster', prefix)],
])('%s', (scheme, server) => {
  async function start(given: () => Promise<AwsCredentialIdentity> = async () => credentials) {
    const clock = { now: Date.parse('2026-03-01T12:00:00Z') }
    const now = () => clock.now
    const rules = { cache: 'aisle-test', region: 'eu-central-1', credentials, now }
    const { url, gate } = await server.open(rules)
    const redis = connectCache(url, { cache, credentials: given, now })
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
    return { redis, gate, clock, hours, texts, isHit, errors }
  }

  timed('every connection is authenticated by one token', quiet, async () => {
    const { gate, isHit, texts, errors, redis } = await start()
    await redis.get(texts.key('a'))
    await texts.get('a')
    expect(await isHit()).toBe(true)
    expect(gate.attempts.length).toBeGreaterThan(0)
    expect(gate.attempts.filter(({ refusal }) => refusal)).toEqual([])
    expect(new Set(gate.attempts.map(({ token }) => token)).size).toBe(1)
    expect(errors).toEqual([])
  })

  timed('a connection that is made again has a token that is still valid', quiet, async () => {
    const { gate, hours, isHit, errors } = await start()
    await expect.poll(isHit).toBe(true)
    for (const pause of [0.1, 0.2, 0.26, 5, 30]) {
      hours(pause)
      gate.closeAll()
      await expect.poll(isHit).toBe(true)
    }
    expect(gate.attempts.filter(({ refusal }) => refusal)).toEqual([])
    // After six minutes the first one still serves, after eighteen it does not.
    expect(new Set(gate.attempts.map(({ token }) => token)).size).toBe(5)
    expect(errors.filter((error) => /WRONGPASS|NOAUTH/.test(String(error)))).toEqual([])
  })

  timed('a connection that is used stays the same one for days', quiet, async () => {
    const { gate, hours, isHit } = await start()
    await expect.poll(isHit).toBe(true)
    const { connections } = gate
    for (let hour = 0; hour < 48; hour++) {
      hours(1)
      expect((await Promise.all(Array.from({ length: 20 }, isHit))).every(Boolean)).toBe(true)
      // Comes after the answer to AUTH, if there was one, and before the clock goes on.
      expect(await isHit()).toBe(true)
    }
    expect(gate.connections).toBe(connections)
    const renewals = gate.attempts
      .filter(({ command }) => command === 'AUTH')
      .slice(scheme === 'rediss-cluster' ? 1 : 0)
    expect(renewals.length).toBe(4)
    expect(renewals.filter(({ refusal }) => refusal)).toEqual([])
    expect(new Set(renewals.map(({ token }) => token)).size).toBe(4)
  })

  timed('also when it is only used for many at once', quiet, async () => {
    const { gate, hours, texts } = await start()
    const ids = Array.from({ length: 30 }, (_, n) => `m${n}`)
    const hits = async () => (await texts.getMany(ids)).filter(({ status }) => status.hit).length
    await expect.poll(hits).toBe(30)
    const { connections } = gate
    for (let hour = 0; hour < 36; hour++) {
      hours(1)
      expect(await hits()).toBe(30)
    }
    expect(gate.connections).toBe(connections)
  })

  timed(
    'a renewal that is refused or impossible leaves the connection in use, and is tried again',
    quiet,
    async () => {
      let given: () => Promise<AwsCredentialIdentity> = async () => credentials
      const { gate, hours, isHit } = await start(() => given())
      await expect.poll(isHit).toBe(true)
      const { connections } = gate
      hours(11)
      given = async () => ({ ...credentials, secretAccessKey: 'wrong' })
      expect(await isHit()).toBe(true)
      await expect.poll(() => gate.attempts.at(-1)?.refusal).toMatch('X-Amz-Signature')
      const { length } = gate.attempts
      for (let n = 0; n < 20; n++) expect(await isHit()).toBe(true)
      expect(gate.attempts.length).toBe(length)
      hours(0.1)
      given = () => Promise.reject(new Error('no role'))
      expect(await isHit()).toBe(true)
      await sleep(50)
      hours(0.1)
      given = async () => credentials
      expect(await isHit()).toBe(true)
      await expect.poll(() => gate.attempts.length).toBe(length + 1)
      expect(gate.attempts.at(-1)?.refusal).toBeUndefined()
      hours(10)
      expect(await isHit()).toBe(true)
      expect(gate.connections).toBe(connections)
    },
  )

  timed(
    'a token that is refused is a cache that is away: the database answers, and nobody storms the cache',
    quiet,
    async () => {
      let secretAccessKey = 'wrong'
      const { gate, texts, isHit, errors } = await start(async () => ({ ...credentials, secretAccessKey }))
      const end = Date.now() + 2500
      while (Date.now() < end) {
        expect((await texts.get('a')).value).toBe('a')
        await sleep(5)
      }
      expect(errors.map(String).join()).toMatch(/WRONGPASS/)
      // Each attempt is one token that is refused.
      expect(gate.attempts.length).toBeGreaterThan(1)
      expect(gate.attempts.length).toBeLessThanOrEqual(4)
      expect(gate.connections).toBe(gate.attempts.length)
      const seen = inspect(errors, { depth: 9, showHidden: true })
      for (const { token } of gate.attempts) expect(seen).not.toContain(token.slice(-64))
      secretAccessKey = credentials.secretAccessKey
      await expect.poll(isHit, { timeout: 5000 }).toBe(true)
    },
  )

  timed('also one that is refused from some day on, to a client that was connected', quiet, async () => {
    let secretAccessKey = 'secret'
    const { gate, texts, isHit, hours } = await start(async () => ({ ...credentials, secretAccessKey }))
    await expect.poll(isHit).toBe(true)
    secretAccessKey = 'wrong'
    hours(1)
    gate.closeAll()
    const before = gate.connections
    const end = Date.now() + 2500
    while (Date.now() < end) {
      expect((await texts.get('a')).value).toBe('a')
      await sleep(5)
    }
    expect(gate.connections - before).toBeGreaterThan(0)
    expect(gate.connections - before).toBeLessThanOrEqual(5)
    secretAccessKey = 'secret'
    await expect.poll(isHit, { timeout: 5000 }).toBe(true)
  })

  timed('credentials that cannot be had are a cache that is away, until they can', quiet, async () => {
    let fails = true
    const { gate, texts, isHit } = await start(async () => {
      if (fails) throw new Error('no role')
      return credentials
    })
    for (let n = 0; n < 10; n++) expect((await texts.get('a')).value).toBe('a')
    expect(gate.connections).toBe(0)
    fails = false
    await expect.poll(isHit, { timeout: 5000 }).toBe(true)
  })

  test('nobody listens, and it is found when somebody does', async () => {
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

test('a token is never sent in the clear, nor without a user', () => {
  const iam = { cache, credentials: async () => credentials }
  for (const url of ['redis://me@127.0.0.1:1', 'redis-cluster://me@127.0.0.1:1', 'rediss://127.0.0.1:1']) {
    expect(() => connectCache(url, iam)).toThrow('REDIS_URL must use TLS and name the user')
  }
  expect(() => connectCache('rediss://me@127.0.0.1:1', { ...iam, cache: 'aisle' })).toThrow(
    'REDIS_IAM is aisle',
  )
})
