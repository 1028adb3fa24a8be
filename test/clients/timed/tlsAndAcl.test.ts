import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../../../lib/cacheAside/index.ts'
import { openMostRead } from '../../../lib/catalog/mostRead.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { projectDirectory } from '../../../lib/project/projectDirectory.ts'
import { startControlOnly } from '../../support/controlOnly.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { aclArgs, user } from '../../support/redisAcl.ts'
import { secureCluster, secureServer } from '../../support/secureCache.ts'
import { type Text, textsIn } from '../../support/texts.ts'
import { timed } from '../../support/timed.ts'
import { makeCertificate } from '../../support/tls.ts'

const prefix = 'aisle-test'
const { db, table } = await freshTables()
const texts = textsIn(db, table)
const ids = (from: string) => Array.from({ length: 12 }, (_, n) => `${from}${n}`)

const quiet = await startControlOnly()

describe.each([
  // The last column is the commands that only the other kind of server needs.
  ['a single server', await secureServer(prefix), 'cluster|slots'],
  ['a cluster of six', await secureCluster(prefix), 'mget'],
])('%s with TLS', (_, { url, admins, authorityFile }, unused) => {
  async function open(options: Partial<CacheAsideOptions<Text>> = {}) {
    const redis = connectCache(url)
    onTestFinished(() => redis.disconnect())
    const errors: unknown[] = []
    const cache = createCacheAside<Text>({
      redis,
      prefix,
      name: 'text',
      load: (id, { signal }) => texts.read(id, signal),
      loadMany: (wanted, { signal }) => texts.readMany(wanted, signal),
      onEvent: (event) => 'error' in event && errors.push(event.error),
      ...options,
    })
    // Connects to every shard, so that no test measures connecting.
    await Promise.all(ids('connected').map((id) => redis.get(cache.key(id))))
    return { redis, cache, errors }
  }

  /** Does on every server what a restart does. */
  const flushScripts = () => Promise.all(admins.map((admin) => admin.script('FLUSH')))

  timed('the user may run every command of the cache', quiet, async () => {
    const { cache, redis, errors } = await open()
    const pages = createCacheAside<Text>({
      redis,
      prefix,
      name: 'page',
      load: (id, { signal }) => texts.read(id, signal),
    })
    await flushScripts()
    for (const id of ids('a')) {
      expect(await cache.write(id, () => texts.write(id, 'old'))).toMatchObject({ invalidation: 'done' })
      expect((await cache.get(id)).status).toMatchObject({ hit: false, stored: true })
      expect((await cache.get(id)).status.hit).toBe(true)
      await pages.get(id)
      const written = await cache.write(id, () => texts.write(id, 'new'), { also: [pages] })
      expect(written.invalidation).toBe('done')
      expect(await pages.get(id)).toMatchObject({ value: { text: 'new' }, status: { stored: true } })
      expect(await cache.invalidate(id, { version: 3 })).toBe('done')
      expect(await cache.invalidate(id)).toBe('done')
    }
    const many = ids('b')
    await Promise.all(many.map((id) => texts.write(id, id)))
    expect((await cache.getMany(many)).map(({ status }) => status.stored)).toEqual(many.map(() => true))
    await flushScripts()
    expect((await cache.getMany(many)).map(({ status }) => status.hit)).toEqual(many.map(() => true))
    const lease = (token: string) =>
      redis.cacheAsideLease(cache.key('lease'), token.repeat(10), 1000, '', 'lease')
    expect([await lease('a'), await lease('b')]).toEqual([
      expect.stringMatching(/^Ta{10}\d{6}$/),
      expect.stringMatching(/^La{10}\d{6}$/),
    ])
    expect(await cache.warm([...many, ...ids('c')])).toMatchObject({ filled: 12, fresh: 12, failed: [] })
    const walked = new Set<string>()
    for await (const id of cache.scan()) walked.add(id)
    expect(walked.size).toBeGreaterThanOrEqual(24)
    expect((await cache.inspect(many[0] ?? '')).state).toBe('fresh')
    const read = openMostRead(redis, prefix, { rate: 1, keep: 1 })
    for (const id of ['c', 'c', 'd', 'e']) await read.countRead(id, async () => {})
    expect(await read.top(1)).toEqual(['c'])
    expect(errors).toEqual([])
  })

  timed('the user may do so while an entry is stale, and if a load fails', quiet, async () => {
    const { cache, errors } = await open({
      ttl: 50,
      jitter: 0,
      staleWhileRevalidate: 60_000,
      staleIfError: 60_000,
    })
    await texts.write('d', 'x')
    await cache.get('d')
    await expect.poll(async () => (await cache.get('d')).status).toMatchObject({ fwd: 'stale', stored: true })
    let fails = true
    const failing = await open({
      ttl: 50,
      jitter: 0,
      staleIfError: 60_000,
      load: (id, { signal }) => (fails ? Promise.reject(new Error('away')) : texts.read(id, signal)),
    })
    await expect.poll(async () => (await failing.cache.get('d')).status.detail).toBe('load-failed')
    await expect(failing.cache.get('e')).rejects.toThrow('away')
    fails = false
    // The lease of the failed load expires soon.
    await expect.poll(async () => (await failing.cache.get('e')).status.stored, { timeout: 5000 }).toBe(true)
    expect(errors).toEqual([])
    expect(failing.errors.filter((error) => !String(error).endsWith('failed: away'))).toEqual([])
  })

  test('the user has no right to a command that the cache did not use in these tests', async () => {
    const used = (await Promise.all(admins.map((admin) => admin.info('commandstats')))).join()
    const granted = aclArgs(prefix).flatMap((rule) => (rule.startsWith('+') ? [rule.slice(1)] : []))
    expect(granted.length).toBeGreaterThan(5)
    expect(granted.filter((command) => !used.includes(`cmdstat_${command}:`))).toEqual([unused])
  })

  timed('an open circuit breaker closes again', quiet, async () => {
    const { cache, redis } = await open()
    await texts.write('f', 'x')
    await cache.get('f')
    await Promise.all(admins.map((admin) => admin.client('PAUSE', 1200, 'ALL')))
    for (let n = 0; n < 4; n++) await cache.get('f')
    expect((await cache.get('f')).status.detail).toMatch(/^(fallback|redis-away)$/)
    await expect
      .poll(async () => (await cache.get('f')).status.hit, { timeout: 10_000, interval: 100 })
      .toBe(true)
    expect(redis.status).toBe('ready')
  })

  test('every other command is refused', async () => {
    const { redis } = await open()
    const own = `${prefix}:{x}:text`
    await redis.del(own)
    const key = `${prefix}2:{x}:text`
    for (const command of [
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['CONFIG', 'GET', '*'],
      ['ACL', 'LIST'],
      ['INFO'],
      ['MONITOR'],
      ['SHUTDOWN'],
      ['SCRIPT', 'FLUSH'],
      ['CLIENT', 'LIST'],
      ['CLUSTER', 'NODES'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['PUBLISH', 'x', 'x'],
      ['SUBSCRIBE', 'x'],
      ['FUNCTION', 'LIST'],
      ['UNLINK', own],
      ['LPUSH', own, 'x'],
      ['PERSIST', own],
      ['DUMP', own],
      ['SORT', own],
      ['GET', key],
      ['SET', key, 'x'],
      ['DEL', key],
      ['MGET', key],
      ['PTTL', key],
      ['EVAL', 'return 1', '1', key],
      ['EVAL', `return redis.call('GET', '${key}')`, '1', own],
      ['EVAL', `return redis.call('FLUSHALL')`, '1', own],
      ['EVAL', `return redis.call('KEYS', '*')`, '1', own],
    ]) {
      const [name = '', ...args] = command
      const reply = await redis.call(name, ...args).then(JSON.stringify, String)
      expect(reply, command.join(' ')).toMatch(/NOPERM|ACL failure|can't access|can't run/)
    }
  })

  test('an idle connection does not keep the process alive', async () => {
    const code = `
      const { connectCache } = await import('./lib/clients/redis/index.ts')
      console.log(await connectCache('${url}').get('${prefix}:{none}:text'))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      cwd: projectDirectory,
      timeout: 15_000,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authorityFile },
    })
    expect(stdout.trim()).toBe('null')
  })

  test('a wrong password, no password and a connection without TLS are refused', async () => {
    const refusal = async (address: string) => {
      const redis = connectCache(address)
      onTestFinished(() => redis.disconnect())
      return redis.get(`${prefix}:{x}:text`).then(String, String)
    }
    expect(await refusal(url)).toBe('null')
    expect(await refusal(url.replace(user.password, 'wrong'))).toMatch(/WRONGPASS/)
    expect(await refusal(url.replace(`${user.name}:${user.password}@`, ''))).toMatch(/NOAUTH/)
    const plain = url.replace('rediss', 'redis')
    expect(await refusal(plain)).toMatch(/closed|ECONNRESET|Failed to refresh|max retries/i)
  })
})

test('the client sends nothing to a server with an untrusted certificate', async () => {
  const { url } = await secureServer(prefix, makeCertificate(), onTestFinished)
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  const errors: string[] = []
  redis.on('error', (error) => errors.push(error.message))
  await expect(redis.get(`${prefix}:{x}:text`)).rejects.toThrow()
  expect(errors.join()).toMatch(/unable to verify|self-signed/)
})
