import { createConnection, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { openCache } from '../../support/cache.ts'
import { freshRedis } from '../../support/redis.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

/**
 * Opens one address for primary and replica. New connections lead to `port`; open connections stay where they are.
 */
async function openAddress(port: number) {
  const sockets = new Set<Socket>()
  const address = { url: '', port, connections: 0 }
  const server = createServer((client) => {
    address.connections++
    const upstream = createConnection(address.port, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {}).on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const bound = server.address()
  address.url = `redis://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  return address
}

/** Makes a server the replica of another server, or of none. */
async function follow(port: number, ...leader: [string, number] | ['NO', 'ONE']) {
  const redis = new Redis(port, '127.0.0.1')
  await redis.replicaof(...(leader as [string, number]))
  redis.disconnect()
}

timed(
  'G4: after the two servers behind one address swap roles, hits return within two seconds',
  testbed,
  async ({ database }) => {
    const [first, second] = [await freshRedis(), await freshRedis()]
    const address = await openAddress(first.port)
    const { cache } = openCache(address.url, database)
    await database.write('a', 'old')
    await cache.get('a')
    expect((await cache.get('a')).status.hit).toBe(true)
    address.port = second.port
    await follow(first.port, '127.0.0.1', second.port)
    await cache.write('a', () => database.write('a', 'new'))
    const swapped = performance.now()
    const read = async () => {
      const { value, status } = await cache.get('a')
      expect(value).toEqual({ text: 'new' })
      return status.hit
    }
    while (!(await read())) {
      expect(performance.now() - swapped).toBeLessThan(2_000)
      await sleep(20)
    }
    expect(await cache.write('a', () => database.write('a', 'newest'))).toMatchObject({
      invalidation: 'done',
    })
    expect(address.connections).toBe(2)
  },
)

timed(
  'G4: while the address leads to a replica, the client reconnects at most once a second',
  testbed,
  async ({ database }) => {
    const server = await freshRedis()
    const address = await openAddress(server.port)
    const { cache } = openCache(address.url, database)
    await database.write('b', 'old')
    await cache.get('b')
    await follow(server.port, '127.0.0.1', 1)
    const end = performance.now() + 3_000
    while (performance.now() < end) {
      await cache.write('b', () => database.write('b', 'new'))
      expect(await cache.get('b')).toMatchObject({ value: { text: 'new' }, status: { hit: false } })
      await sleep(20)
    }
    expect(address.connections).toBeGreaterThan(2)
    expect(address.connections).toBeLessThanOrEqual(5)
  },
)
