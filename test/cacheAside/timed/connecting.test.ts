import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { type CacheEvent, createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { connectLocal } from '../../../lib/local/servers/client.ts'
import { freePort } from '../../../lib/local/servers/ports.ts'
import { databaseIn, type Text } from '../../support/cache.ts'
import { startControl } from '../../support/control.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { fileCleanup } from '../../support/fileCleanup.ts'
import { startNetwork } from '../../support/network.ts'
import { secureServer } from '../../support/secureCache.ts'
import { timed } from '../../support/timed.ts'
import { startWiredMasters } from '../../support/wiredRedis.ts'

const prefix = 'aisle-test'
const afterFile = fileCleanup()
const { endpoint, table } = await freshTables()
const database = databaseIn(connectLocal(endpoint), table)
const network = await startNetwork()
afterFile(() => network.worker.kill())
const control = await startControl(network, afterFile)
const secure = await secureServer(prefix)
const { port } = new URL(secure.url)
// So far away that an answer comes within cacheTimeoutMs, but not if a handshake comes first.
const wire = await network.open(Number(port), 25)
const cluster = await startWiredMasters(network, afterFile, 30)
const single = secure.url.replace(port, String(wire.port))
const testbed = {
  control,
  async reset() {
    await wire.reset()
    await cluster.reset()
    await Promise.all(secure.admins.map((admin) => admin.flushall()))
    await database.write('a', 'x')
    await database.write('b', 'x')
  },
}

/** Opens a cache whose client has not connected yet, as in a new sandbox. */
function open(url: string) {
  const redis = connectCache(url)
  onTestFinished(() => redis.disconnect())
  const events: CacheEvent[] = []
  const cache = createCacheAside<Text>({
    redis,
    prefix,
    name: 'text',
    load: (id) => database.read(id),
    onEvent: (event) => events.push(event),
  })
  return { cache, redis, errors: () => events.filter((event) => 'error' in event && event.error) }
}

/** Fills both servers, with the cluster's delay turned off meanwhile. */
async function fill() {
  for (const url of [secure.url, cluster.url]) {
    for (const each of cluster.wires) await each.delay(0)
    for (const { status } of await open(url).cache.getMany(['a', 'b'])) expect(status.stored).toBe(true)
    for (const each of cluster.wires) await each.delay(30)
  }
}

/**
 * Freezes this process while all connections are closed. The process learns of it only after it has continued, and
 * after the calls that it makes right then.
 */
function freeze(): Promise<unknown> {
  const cut = Promise.all([wire, ...cluster.wires].map((each) => each.cut()))
  const thaws = performance.now() + 100
  while (performance.now() < thaws);
  return cut
}

const measureMs = async (work: () => Promise<unknown>) => {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

for (const [title, url] of [
  ['a server with TLS and a password', single],
  ['a cluster', cluster.url],
]) {
  const address = String(url)
  timed(`G4: the first read of a process waits for its connection to ${title}`, testbed, async () => {
    await fill()
    const { cache, errors } = open(address)
    expect((await cache.get('a')).status).toMatchObject({ hit: true })
    const list = open(address)
    for (const { status } of await list.cache.getMany(['a', 'b'])) expect(status).toMatchObject({ hit: true })
    expect([errors(), list.errors()]).toEqual([[], []])
  })

  timed(`G4: the first write of a process connects to ${title} while its commit runs`, testbed, async () => {
    await fill()
    const { cache, errors } = open(address)
    const slow = () => sleep(200).then(() => database.write('a', 'y'))
    const took = await measureMs(async () => {
      expect(await cache.write('a', slow)).toMatchObject({ invalidation: 'done' })
    })
    // The connection began with the write and is ready when the commit ends. Only one round trip is left.
    expect(took).toBeLessThan(200 + 60 + 50)
    expect((await open(address).cache.get('a')).value).toEqual({ text: 'y' })
    expect(errors()).toEqual([])
  })

  timed(
    `G4: a connection to ${title} that closed while the sandbox was frozen causes no bypass`,
    testbed,
    async () => {
      await fill()
      for (const method of ['get', 'getMany', 'write'] as const) {
        const { cache, errors } = open(address)
        await cache.get('b')
        expect((await cache.get('b')).status.hit).toBe(true)
        const cut = freeze()
        if (method === 'get') expect((await cache.get('b')).status).toMatchObject({ hit: true })
        if (method === 'getMany')
          for (const { status } of await cache.getMany(['a', 'b']))
            expect(status).toMatchObject({ hit: true })
        if (method === 'write') {
          const written = await cache.write('b', () => database.write('b', 'y'))
          expect(written).toMatchObject({ invalidation: 'done' })
        }
        await cut
        expect(errors(), method).toEqual([])
      }
    },
  )
}

timed('G4: all calls together wait once for a server that never answers', testbed, async () => {
  await wire.hold('down')
  const { cache } = open(single)
  const first = measureMs(() => cache.get('a'))
  await sleep(600)
  const second = measureMs(() => cache.get('b'))
  expect(await first).toBeGreaterThan(950)
  expect(await first).toBeLessThan(1000 + 100 + 100)
  expect(await second).toBeLessThan(400 + 100 + 100)
  // The connection attempt has failed by now, so no call waits for it.
  expect(await measureMs(() => cache.get('a'))).toBeLessThan(100 + 100)
})

timed('G4: a call waits for a connection for at most half of its own time', testbed, async () => {
  await wire.hold('down')
  const { cache } = open(single)
  const took = await measureMs(() => cache.get('a', { budgetMs: 400 }))
  expect(took).toBeGreaterThan(190)
  expect(took).toBeLessThan(200 + 100)
})

timed('G4: a refused connection makes no call wait, and its error is reported', testbed, async () => {
  const { cache, errors } = open(`redis://127.0.0.1:${await freePort()}`)
  const took = await measureMs(async () => {
    expect(await cache.get('a')).toMatchObject({ value: { text: 'x' }, status: { detail: 'redis-error' } })
  })
  expect(took).toBeLessThan(100)
  expect(errors()).toMatchObject([{ error: { code: 'ECONNREFUSED' } }])
})

timed(
  'G4: a read whose connection is lost under way waits for at most half of its own time',
  testbed,
  async () => {
    await fill()
    const { cache } = open(single)
    await cache.get('a')
    expect((await cache.get('a')).status.hit).toBe(true)
    const took = measureMs(() => cache.get('a', { budgetMs: 400 }))
    // The next connection is accepted, but the server does not greet.
    await wire.hold('down')
    await wire.cut()
    expect(await took).toBeLessThan(200 + 100)
  },
)
