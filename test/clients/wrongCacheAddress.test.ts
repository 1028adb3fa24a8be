import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type CacheEvent, createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { startCluster } from '../support/cluster.ts'
import { freshRedis } from '../support/redis.ts'
import { secureServer } from '../support/secureCache.ts'
import { makeCertificate } from '../support/tls.ts'

const prefix = 'aisle-test'
const secure = await secureServer(prefix)
const user = (url: string) => url.replace('//', '//aisle:aisle-password@')

/** What is told of the first read, list and write at an address, and of the one after many more. */
async function told(url: string): Promise<string[]> {
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  let errors: unknown[] = []
  const cache = createCacheAside<string>({
    redis,
    prefix,
    name: 'text',
    load: async (id) => ({ value: id, version: 1 }),
    onEvent: (event: CacheEvent) => 'error' in event && event.error && errors.push(event.error),
  })
  const all: string[] = []
  for (const work of [
    () => cache.get('a'),
    () => cache.getMany(['a', 'b', 'c']),
    () => cache.write('a', async () => ({ value: 'a', version: 2 })),
  ]) {
    errors = []
    await work()
    all.push(String(errors[0]))
  }
  return all
}

const toCluster = /redis-cluster:\/\/ or rediss-cluster:\/\//
const toSingle = /single server: REDIS_URL must begin with redis:\/\/ or rediss:\/\//
const { host } = new URL(secure.url)

test.for<[string, () => Promise<string> | string, RegExp]>([
  ['that nobody listens at', async () => `redis://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  [
    'that nobody of a cluster listens at',
    async () => `redis-cluster://127.0.0.1:${await freePort()}`,
    /ECONNREFUSED/,
  ],
  ['of an unknown host', () => 'redis://nowhere.invalid', /ENOTFOUND|EAI_AGAIN/],
  ['of an unknown cluster', () => 'redis-cluster://nowhere.invalid', /ENOTFOUND|EAI_AGAIN/],
  [
    'with TLS of a server without',
    async () => (await freshRedis()).url.replace('redis:', 'rediss:'),
    /speak(s)? no TLS/,
  ],
  ['without TLS of a server with it', () => user(`redis://${host}`), /speaks TLS|ECONNRESET|closed before/],
  [
    'without TLS of a cluster with it',
    () => user(`redis-cluster://${host}`),
    /speaks TLS|ECONNRESET|closed/i,
  ],
  [
    'whose certificate nobody vouches for',
    async () => (await secureServer(prefix, makeCertificate(), onTestFinished)).url,
    /unable to verify|self-signed/,
  ],
  [
    'of a cluster that is a single server',
    async () => (await freshRedis()).url.replace('redis:', 'redis-cluster:'),
    toSingle,
  ],
])('an address %s is told by its own error', async ([, address, expected]) => {
  for (const error of await told(await address())) expect(error).toMatch(expected)
})

test('an address of a single server that is a node of a cluster is told what to write instead, each time', async () => {
  const cluster = await startCluster({ replicas: false })
  onTestFinished(cluster.stop)
  const url = cluster.url.replace('redis-cluster:', 'redis:')
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  const errors: string[] = []
  const cache = createCacheAside<string>({
    redis,
    prefix,
    name: 'text',
    load: async (id) => ({ value: id, version: 1 }),
    onEvent: (event) => 'error' in event && event.error && errors.push(String(event.error)),
  })
  const ids = Array.from({ length: 30 }, (_, n) => `id${n}`)
  const details = new Set<string | undefined>()
  for (const id of ids) details.add((await cache.get(id)).status.detail)
  for (const id of ids) await cache.write(id, async () => ({ value: id, version: 2 }))
  for (const { status } of await cache.getMany(ids)) details.add(status.detail)
  // It is there, and answers.
  expect([...details]).not.toContain('redis-away')
  expect(errors.length).toBeGreaterThan(30)
  for (const error of errors) expect(error).toMatch(toCluster)
})

test('a command to a server that greets and answers nothing else fails', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (/hello/i.test(bytes.toString())) socket.write('%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n')
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const redis = connectCache(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => redis.disconnect())
  const begun = performance.now()
  await expect(redis.get('a')).rejects.toThrow(/Socket timeout/)
  expect(performance.now() - begun).toBeLessThan(5000)
})
