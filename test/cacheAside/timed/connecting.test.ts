import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { type CacheEvent, createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { connectLocal } from '../../../lib/local/servers/client.ts'
import { freePort } from '../../../lib/local/servers/server.ts'
import { databaseIn, type Text } from '../../support/cache.ts'
import { startControl } from '../../support/control.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { untilFileEnds } from '../../support/ends.ts'
import { startNetwork } from '../../support/network.ts'
import { secureServer } from '../../support/secureCache.ts'
import { threeServers } from '../../support/servers.ts'
import { timed } from '../../support/timed.ts'

const prefix = 'aisle-test'
const ends = untilFileEnds()
const { endpoint, table } = await freshTables()
const database = databaseIn(connectLocal(endpoint), table)
const network = await startNetwork()
ends(() => network.worker.kill())
const control = await startControl(network, ends)
const secure = await secureServer(prefix)
const { port } = new URL(secure.url)
// So far away that an answer comes in time, and a handshake before it would not.
const wire = await network.open(Number(port), 25)
const cluster = await threeServers(network, ends, 30)
const single = secure.url.replace(port, String(wire.port))
const ground = {
  control,
  async reset() {
    await wire.reset()
    await cluster.reset()
    await Promise.all(secure.admins.map((admin) => admin.flushall()))
    await database.write('a', 'x')
    await database.write('b', 'x')
  },
}

/** A cache whose client has not connected yet, as in a fresh sandbox. */
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

/** Fills from near by. */
async function fill() {
  for (const url of [secure.url, cluster.url]) {
    for (const line of cluster.wires) await line.delay(0)
    for (const { status } of await open(url).cache.getMany(['a', 'b'])) expect(status.stored).toBe(true)
    for (const line of cluster.wires) await line.delay(30)
  }
}

/**
 * Freezes this process while all connections are closed: it hears of nothing until it goes on, and what it does then comes
 * before what it hears.
 */
function freeze(): Promise<unknown> {
  const cut = Promise.all([wire, ...cluster.wires].map((line) => line.cut()))
  const thaws = performance.now() + 100
  while (performance.now() < thaws);
  return cut
}

const tookMs = async (work: () => Promise<unknown>) => {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

for (const [what, url] of [
  ['a server by TLS with a password', single],
  ['a cluster', cluster.url],
]) {
  const address = String(url)
  timed(`G4: the first read of a process waits for its connection to ${what}`, ground, async () => {
    await fill()
    const { cache, errors } = open(address)
    expect((await cache.get('a')).status).toMatchObject({ hit: true })
    const list = open(address)
    for (const { status } of await list.cache.getMany(['a', 'b'])) expect(status).toMatchObject({ hit: true })
    expect([errors(), list.errors()]).toEqual([[], []])
  })

  timed(
    `G4: so does its first write to ${what}, and the database is not waited for first`,
    ground,
    async () => {
      await fill()
      const { cache, errors } = open(address)
      const slow = () => sleep(200).then(() => database.write('a', 'y'))
      const took = await tookMs(async () => {
        expect(await cache.write('a', slow)).toMatchObject({ invalidation: 'done' })
      })
      // A connection that began with the write is there when the commit is done: what is left is one round trip.
      expect(took).toBeLessThan(200 + 60 + 50)
      expect((await open(address).cache.get('a')).value).toEqual({ text: 'y' })
      expect(errors()).toEqual([])
    },
  )

  timed(`G4: closed while the sandbox was frozen, that to ${what} costs no bypass`, ground, async () => {
    await fill()
    for (const first of ['get', 'getMany', 'write'] as const) {
      const { cache, errors } = open(address)
      await cache.get('b')
      expect((await cache.get('b')).status.hit).toBe(true)
      const cut = freeze()
      if (first === 'get') expect((await cache.get('b')).status).toMatchObject({ hit: true })
      if (first === 'getMany')
        for (const { status } of await cache.getMany(['a', 'b'])) expect(status).toMatchObject({ hit: true })
      if (first === 'write') {
        const written = await cache.write('b', () => database.write('b', 'y'))
        expect(written).toMatchObject({ invalidation: 'done' })
      }
      await cut
      expect(errors(), first).toEqual([])
    }
  })
}

timed('G4: a server that never answers is waited for once, and by all together', ground, async () => {
  await wire.keep('down')
  const { cache } = open(single)
  const first = tookMs(() => cache.get('a'))
  await sleep(600)
  const second = tookMs(() => cache.get('b'))
  expect(await first).toBeGreaterThan(950)
  expect(await first).toBeLessThan(1000 + 100 + 100)
  expect(await second).toBeLessThan(400 + 100 + 100)
  // It is known by now that none can be made.
  expect(await tookMs(() => cache.get('a'))).toBeLessThan(100 + 100)
})

timed('G4: it is waited for within half of the time that the caller has', ground, async () => {
  await wire.keep('down')
  const { cache } = open(single)
  const took = await tookMs(() => cache.get('a', { budgetMs: 400 }))
  expect(took).toBeGreaterThan(190)
  expect(took).toBeLessThan(200 + 100)
})

timed('G4: where nobody listens no call waits, and it is told why', ground, async () => {
  const { cache, errors } = open(`redis://127.0.0.1:${await freePort()}`)
  const took = await tookMs(async () => {
    expect(await cache.get('a')).toMatchObject({ value: { text: 'x' }, status: { detail: 'redis-error' } })
  })
  expect(took).toBeLessThan(100)
  expect(errors()).toMatchObject([{ error: { code: 'ECONNREFUSED' } }])
})

timed('G4: also by a read whose connection is lost while it is under way', ground, async () => {
  await fill()
  const { cache } = open(single)
  await cache.get('a')
  expect((await cache.get('a')).status.hit).toBe(true)
  const took = tookMs(() => cache.get('a', { budgetMs: 400 }))
  // The next connection is accepted, and nobody greets.
  await wire.keep('down')
  await wire.cut()
  expect(await took).toBeLessThan(200 + 100)
})
