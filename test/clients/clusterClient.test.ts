import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Cluster, Redis } from 'ioredis'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { startCluster } from '../support/cluster.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { freshRedis } from '../support/redis.ts'

const cluster = await startCluster()
afterAll(cluster.stop)

/** Creates a client that disconnects when the test ends. */
function connect(url: string) {
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  return redis
}

/** Returns the open connections: the client itself, or those of the cluster's nodes. */
const openConnections = (redis: Redis | Cluster) =>
  (redis instanceof Cluster ? redis.nodes() : [redis]).filter(({ status }) => status === 'ready')

const openCache = (redis: Redis | Cluster) =>
  createCacheAside<string>({ redis, name: 'text', load: async (id) => ({ value: id, version: 1 }) })

/** Runs a script in a process of its own, and returns its output. Fails if the process does not end by itself. */
async function runScript(code: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: projectDirectory,
    timeout: 15_000,
  })
  return stdout.trim()
}

test('the URL decides whether the client is for a single server or a cluster', async () => {
  expect(connect('redis://127.0.0.1:1')).toBeInstanceOf(Redis)
  expect(connect('redis-cluster://127.0.0.1:1')).toBeInstanceOf(Cluster)
  const { options } = connect('rediss://me:p%40ss@[::1]/2') as Redis
  expect(options).toMatchObject({ host: '::1', port: 6379, db: 2, username: 'me', password: 'p@ss', tls: {} })
  const { redisOptions } = (connect('rediss-cluster://me:p%40ss@cache.example:7000') as Cluster).options
  expect(redisOptions).toMatchObject({ username: 'me', password: 'p@ss', tls: {} })
  expect((connect('redis-cluster://127.0.0.1:1') as Cluster).options.redisOptions).not.toHaveProperty('tls')
  for (const url of [
    'http://:secret@127.0.0.1',
    '127.0.0.1:6379',
    '',
    'redis://',
    'redis-cluster://127.0.0.1/1',
    'redis://127.0.0.1/x',
    'redis://127.0.0.1/-1',
    'redis://127.0.0.1/1e1',
    'redis://127.0.0.1?db=3',
    'redis://127.0.0.1:0',
    'redis://:secret%zz@127.0.0.1',
  ]) {
    expect(() => connectCache(url), url).toThrow(/^REDIS_URL must be redis:\/\/(?!.*secret)/)
  }
})

describe.each([
  ['a single server', async () => ({ url: (await freshRedis()).url, admins: undefined })],
  ['a cluster', async () => cluster],
])('%s', (_, start) => {
  test('a read after its connections were closed opens a new one, and succeeds', async () => {
    const { url, admins = [connect(url) as Redis] } = await start()
    const redis = connect(url)
    const cache = openCache(redis)
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    await expect
      .poll(async () => (await cache.getMany(ids)).map(({ status }) => status.hit))
      .toEqual(ids.map(() => true))
    for (let round = 0; round < 5; round++) {
      // As after a thaw: the connections are closed before the next command.
      const connections = openConnections(redis)
      expect(connections.length).toBe(redis instanceof Cluster ? 3 : 1)
      const closed = Promise.all(connections.map((connection) => once(connection, 'close')))
      await Promise.all(admins.map((admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'normal')))
      await closed
      const start = performance.now()
      expect((await cache.get(ids[round] ?? '')).status.detail).toBeUndefined()
      expect(performance.now() - start).toBeLessThan(100)
      const again = await cache.getMany(ids)
      expect(again.map(({ status }) => status)).toEqual(ids.map(() => expect.objectContaining({ hit: true })))
    }
  })

  test('an idle connection does not keep the process alive', async () => {
    const { url } = await start()
    const code = `
      const { connectCache } = await import('./lib/clients/redis/index.ts')
      console.log(await connectCache('${url}').get('x'))`
    expect(await runScript(code)).toBe('null')
  })
})

describe.each(['redis', 'redis-cluster'])('%s://', (scheme) => {
  test('a command fails immediately if no server listens, and the process can end', async () => {
    const url = `${scheme}://127.0.0.1:${await freePort()}`
    const redis = connect(url)
    const start = performance.now()
    for (let n = 0; n < 3; n++) await expect(redis.get('x')).rejects.toThrow()
    expect(performance.now() - start).toBeLessThan(1000)
    const code = `
      const { connectCache } = await import('./lib/clients/redis/index.ts')
      await connectCache('${url}').get('x').catch(() => console.log('failed'))`
    expect(await runScript(code)).toBe('failed')
  })

  test('a command to a server that accepts connections but never responds fails after a second', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await once(silent, 'listening')
    const redis = connect(`${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`)
    const start = performance.now()
    await expect(redis.get('x')).rejects.toThrow()
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

test('the client uses a cluster that starts later', async () => {
  const port = await freePort()
  const redis = connect(`redis-cluster://127.0.0.1:${port}`)
  await expect(redis.get('x')).rejects.toThrow(/ECONNREFUSED|closed/)
  const directory = mkdtempSync(join(tmpdir(), 'aisle-late-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', directory]
  await freshRedis({ port, args })
  await connectRedis(`redis://127.0.0.1:${port}`).call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await expect.poll(() => redis.get('x').catch(String), { timeout: 5000 }).toBe(null)
})

test('the client does not read from a replica, even if no master is left', async () => {
  const redis = connect(cluster.url)
  const ids = Array.from({ length: 30 }, (_, n) => `r${n}`)
  await Promise.all(ids.map((id) => redis.set(id, id)))
  const replicas: Redis[] = []
  for (const admin of cluster.admins) {
    if (String(await admin.info('replication')).includes('role:slave')) replicas.push(admin)
  }
  expect(replicas.length).toBe(3)
  const masters = await Promise.all(ids.map(cluster.masterOf))
  await Promise.all([...new Set(masters)].map((master) => master.stop('SIGKILL')))
  const replies = await Promise.all(
    Array.from({ length: 20 }, async (_, round) => {
      await sleep(round * 20)
      return Promise.all(ids.map((id) => redis.get(id).catch(() => 'failed')))
    }),
  )
  expect(new Set(replies.flat())).toEqual(new Set(['failed']))
  for (const replica of replicas) expect(await replica.info('commandstats')).not.toContain('cmdstat_get:')
})
