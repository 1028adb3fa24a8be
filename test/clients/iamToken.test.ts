import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { TokenSource } from '../../lib/clients/redis/iamToken.ts'
import { type IamRules, tokenRefusal } from '../support/iamProxy.ts'
import { computeSignature } from '../support/sigV4.ts'

const clock = { now: Date.parse('2026-03-01T23:59:59.900Z') }
const now = () => clock.now
const minutes = (count: number) => {
  clock.now += count * 60_000
}
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/+=', sessionToken: 'session/+==' }
const arn = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-prod'
const rules: IamRules = { cache: 'aisle-prod', user: 'aisle', region: 'eu-central-1', credentials, now }

const tokens = (options: Partial<ConstructorParameters<typeof TokenSource>[0]> = {}) =>
  new TokenSource({ cache: arn, user: 'aisle', credentials: async () => credentials, now, ...options })

test('the signature check of the tests agrees with the example that AWS has published', () => {
  const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt')
  url.search =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host'
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
  expect(computeSignature(url, secret, { service: 's3', payload: 'UNSIGNED-PAYLOAD' })).toBe(
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
})

test('a token is a request to connect that is signed for this cache and this user', async () => {
  const token = await tokens().get()
  expect(token).toMatch(/^aisle-prod\/\?.*Action=connect.*&X-Amz-Expires=900/)
  expect(tokenRefusal('aisle', token, rules)).toBeUndefined()
  expect(tokenRefusal('other', token, rules)).toBe('wrong user')
  expect(tokenRefusal('aisle', token, { ...rules, user: 'other' })).toBe('wrong user')
  expect(tokenRefusal('aisle', token, { ...rules, cache: 'other' })).toBe('the token is not for this cache')
  expect(tokenRefusal('aisle', token, { ...rules, region: 'us-east-1' })).toMatch('X-Amz-Credential')
  expect(tokenRefusal('aisle', token, { ...rules, isServerless: false })).toMatch('ResourceType')
  const otherKey = { ...credentials, secretAccessKey: 'x' }
  expect(tokenRefusal('aisle', token, { ...rules, credentials: otherKey })).toMatch('X-Amz-Signature')
  expect(tokenRefusal('aisle', token.replace('connect', 'other'), rules)).toMatch('is wrong')
  expect(tokenRefusal('aisle', token, { ...rules, now: () => clock.now + 900_000 })).toMatch('expired')
})

test('a token is valid for a replication group, a name in capitals, and credentials without a session', async () => {
  const cache = 'arn:aws-cn:elasticache:cn-north-1:123456789012:replicationgroup:Aisle-Dev'
  const lasting = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
  const token = await tokens({ cache, credentials: async () => lasting }).get()
  const theirs = {
    ...rules,
    cache: 'aisle-dev',
    region: 'cn-north-1',
    credentials: lasting,
    isServerless: false,
  }
  expect(tokenRefusal('aisle', token, theirs)).toBeUndefined()
})

test('fifty concurrent callers share one token, and so do later callers within ten minutes', async () => {
  let created = 0
  const source = tokens({
    credentials: async () => {
      created++
      return credentials
    },
  })
  const [first, ...others] = await Promise.all(Array.from({ length: 50 }, () => source.get()))
  expect(new Set(others)).toEqual(new Set([first]))
  minutes(9.9)
  expect(await source.get()).toBe(first)
  expect(created).toBe(1)
  minutes(0.2)
  const second = await source.get()
  expect(second).not.toBe(first)
  expect(tokenRefusal('aisle', second, rules)).toBeUndefined()
  expect(created).toBe(2)
})

test('no token is used after it or its credentials have expired', async () => {
  const lasting = tokens()
  const brief = tokens({
    credentials: async () => ({ ...credentials, expiration: new Date(clock.now + 120_000) }),
  })
  for (let n = 0; n < 50; n++) {
    expect(tokenRefusal('aisle', await lasting.get(), rules)).toBeUndefined()
    const before = await brief.get()
    minutes(2.1)
    expect(await brief.get()).not.toBe(before)
    minutes(n)
  }
})

test('credentials that fail to load or take too long are loaded again by the next call', async () => {
  let fails = true
  const failing = tokens({
    credentials: async () => (fails ? Promise.reject(new Error('no role')) : credentials),
  })
  const results = await Promise.allSettled([failing.get(), failing.get()])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(failing.get()).rejects.toThrow('no role')
  fails = false
  expect(tokenRefusal('aisle', await failing.get(), rules)).toBeUndefined()
  const never = tokens({ credentials: () => new Promise(() => {}) })
  await expect(never.get()).rejects.toThrow('No credentials for the cache within 2000 ms')
})

test('a discarded token is not used again', async () => {
  const source = tokens()
  const first = await source.get()
  minutes(1)
  source.discard()
  expect(await source.get()).not.toBe(first)
})

test('the error for an invalid ARN of a cache repeats it', () => {
  for (const cache of ['aisle-prod', '', 'arn:aws:elasticache:eu-central-1:123456789012:user:aisle']) {
    expect(() => tokens({ cache })).toThrow(`REDIS_IAM is ${cache}: it must be the ARN of the cache`)
  }
})

test('a printed token source does not show its token', async () => {
  const source = tokens()
  const token = await source.get()
  expect(inspect(source, { depth: 9, showHidden: true })).not.toContain(token.slice(-64))
})
