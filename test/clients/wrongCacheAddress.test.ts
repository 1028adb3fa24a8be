import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { startCluster } from '../support/cluster.ts'
import { freshRedis } from '../support/redis.ts'
import { secureServer } from '../support/secureCache.ts'
import { makeCertificate } from '../support/tls.ts'

const prefix = 'aisle-test'
const secure = await secureServer(prefix)
const withUser = (url: string) => url.replace('//', '//aisle:aisle-password@')

/** Opens a cache at this address that collects its errors. */
function openCache(url: string) {
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
  return { cache, errors }
}

/** Returns the first error of a read, of a batch and of a write at this address. */
async function collectErrors(url: string): Promise<string[]> {
  const { cache, errors } = openCache(url)
  const firstErrors: string[] = []
  for (const work of [
    () => cache.get('a'),
    () => cache.getMany(['a', 'b', 'c']),
    () => cache.write('a', async () => ({ value: 'a', version: 2 })),
  ]) {
    errors.length = 0
    await work()
    firstErrors.push(errors[0] ?? 'none')
  }
  return firstErrors
}

const clusterHint = /redis-cluster:\/\/ or rediss-cluster:\/\//
const singleServerHint = /single server: REDIS_URL must begin with redis:\/\/ or rediss:\/\//
const { host } = new URL(secure.url)

test.for<[string, () => Promise<string> | string, RegExp]>([
  ['without a server', async () => `redis://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ['without a cluster', async () => `redis-cluster://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ['of an unknown host', () => 'redis://nowhere.invalid', /ENOTFOUND|EAI_AGAIN/],
  ['of an unknown cluster', () => 'redis-cluster://nowhere.invalid', /ENOTFOUND|EAI_AGAIN/],
  [
    'with TLS of a server without TLS',
    async () => (await freshRedis()).url.replace('redis:', 'rediss:'),
    /may not use TLS|does not use TLS/,
  ],
  [
    'without TLS of a server with TLS',
    () => withUser(`redis://${host}`),
    /uses TLS|ECONNRESET|closed before/,
  ],
  [
    'without TLS of a cluster with TLS',
    () => withUser(`redis-cluster://${host}`),
    /uses TLS|ECONNRESET|closed/i,
  ],
  [
    'with an untrusted certificate',
    async () => (await secureServer(prefix, makeCertificate(), onTestFinished)).url,
    /unable to verify|self-signed/,
  ],
  [
    'of a cluster where a single server runs',
    async () => (await freshRedis()).url.replace('redis:', 'redis-cluster:'),
    singleServerHint,
  ],
])('an address %s fails with its own error', async ([, address, expected]) => {
  for (const error of await collectErrors(await address())) expect(error).toMatch(expected)
})

test('every error at the address of a cluster node without -cluster says what to write instead', async () => {
  const cluster = await startCluster({ replicas: false })
  onTestFinished(cluster.stop)
  const { cache, errors } = openCache(cluster.url.replace('redis-cluster:', 'redis:'))
  const ids = Array.from({ length: 30 }, (_, n) => `id${n}`)
  const details = new Set<string | undefined>()
  for (const id of ids) details.add((await cache.get(id)).status.detail)
  for (const id of ids) await cache.write(id, async () => ({ value: id, version: 2 }))
  for (const { status } of await cache.getMany(ids)) details.add(status.detail)
  // The server is up and responds.
  expect([...details]).not.toContain('redis-away')
  expect(errors.length).toBeGreaterThan(30)
  for (const error of errors) expect(error).toMatch(clusterHint)
})

test('a command fails if its server sends only the greeting', async () => {
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
  const start = performance.now()
  await expect(redis.get('a')).rejects.toThrow(/Socket timeout/)
  expect(performance.now() - start).toBeLessThan(5000)
})
