import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../../../lib/cacheAside/index.ts'
import { openMostRead } from '../../../lib/catalog/mostRead.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { projectFolder } from '../../../lib/project/folder.ts'
import { accessArgs, user } from '../../support/access.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { startQuiet } from '../../support/quiet.ts'
import { secureCluster, secureServer } from '../../support/secureCache.ts'
import { type Text, textsIn } from '../../support/texts.ts'
import { timed } from '../../support/timed.ts'
import { makeCertificate } from '../../support/tls.ts'

const prefix = 'aisle-test'
const { db, table } = await freshTables()
const texts = textsIn(db, table)
const ids = (from: string) => Array.from({ length: 12 }, (_, n) => `${from}${n}`)

const quiet = await startQuiet()

describe.each([
  // The last is what the other one needs.
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
    // On every shard: a client that only just connects is none of a test's circumstances.
    await Promise.all(ids('connected').map((id) => redis.get(cache.key(id))))
    return { redis, cache, errors }
  }

  /** On every server, as a restart does. */
  const flushScripts = () => Promise.all(admins.map((admin) => admin.script('FLUSH')))

  timed('the user may do all that the cache does', quiet, async () => {
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
    const read = openMostRead(redis, prefix, { rate: 1, kept: 1 })
    for (const id of ['c', 'c', 'd', 'e']) await read.counted(id, async () => {})
    expect(await read.top(1)).toEqual(['c'])
    expect(errors).toEqual([])
  })

  timed('also while an entry is stale, and when a load fails', quiet, async () => {
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
    // The failed load has left its lease for a moment only.
    await expect.poll(async () => (await failing.cache.get('e')).status.stored, { timeout: 5000 }).toBe(true)
    expect(errors).toEqual([])
    expect(failing.errors.filter((error) => !String(error).endsWith('failed: away'))).toEqual([])
  })

  test('no command is granted that the cache did not use in these tests', async () => {
    const used = (await Promise.all(admins.map((admin) => admin.info('commandstats')))).join()
    const granted = accessArgs(prefix).flatMap((rule) => (rule.startsWith('+') ? [rule.slice(1)] : []))
    expect(granted.length).toBeGreaterThan(5)
    expect(granted.filter((command) => !used.includes(`cmdstat_${command}:`))).toEqual([unused])
  })

  timed('the circuit breaker that is open closes again', quiet, async () => {
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

  test('everything else is refused', async () => {
    const { redis } = await open()
    const own = `${prefix}:{x}:text`
    await redis.del(own)
    const key = `${prefix}2:{x}:text`
    for (const command of [
      ...[['KEYS', '*'], ['FLUSHALL'], ['FLUSHDB'], ['CONFIG', 'GET', '*'], ['ACL', 'LIST'], ['INFO']],
      ...[
        ['MONITOR'],

        ['SHUTDOWN'],
        ['SCRIPT', 'FLUSH'],
        ['CLIENT', 'LIST'],
        ['CLUSTER', 'NODES'],
      ],
      ...[
        ['REPLICAOF', 'NO', 'ONE'],
        ['PUBLISH', 'x', 'x'],
        ['SUBSCRIBE', 'x'],
        ['FUNCTION', 'LIST'],
      ],
      ...[
        ['UNLINK', own],
        ['LPUSH', own, 'x'],
        ['PERSIST', own],
        ['DUMP', own],
        ['SORT', own],
      ],
      ...[
        ['GET', key],
        ['SET', key, 'x'],
        ['DEL', key],
        ['MGET', key],
        ['PTTL', key],
      ],
      ...[
        ['EVAL', 'return 1', '1', key],
        ['EVAL', `return redis.call('GET', '${key}')`, '1', own],
      ],
      ['EVAL', `return redis.call('FLUSHALL')`, '1', own],
      ['EVAL', `return redis.call('KEYS', '*')`, '1', own],
    ]) {
      const [name = '', ...args] = command
      const answer = await redis.call(name, ...args).then(JSON.stringify, String)
      expect(answer, command.join(' ')).toMatch(/NOPERM|ACL failure|can't access|can't run/)
    }
  })

  test('an idle connection keeps no process alive', async () => {
    const code = `
      const { connectCache } = await import('./lib/clients/redis/index.ts')
      console.log(await connectCache('${url}').get('${prefix}:{none}:text'))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      cwd: projectFolder,
      timeout: 15_000,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authorityFile },
    })
    expect(stdout.trim()).toBe('null')
  })

  test('a wrong password, no password and a server that cannot be trusted are refused', async () => {
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

test('a server whose certificate nobody vouches for is not spoken to', async () => {
  const { url } = await secureServer(prefix, makeCertificate(), onTestFinished)
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  const errors: string[] = []
  redis.on('error', (error) => errors.push(error.message))
  await expect(redis.get(`${prefix}:{x}:text`)).rejects.toThrow()
  expect(errors.join()).toMatch(/unable to verify|self-signed/)
})
