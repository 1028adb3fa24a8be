import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectCache, connectRedis } from '../../lib/clients/redis/index.ts'
import { openHealth } from '../../lib/operations/health.ts'
import { startCluster } from '../support/cluster.ts'
import { freshTables } from '../support/dynamodb.ts'
import { freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, redisPort } = await freshHandlers()
const { endpoint, table } = await freshTables()

/** A server that accepts and stays silent. */
async function silent() {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { port: address && typeof address === 'object' ? address.port : 0 }
}

function look({ redisPort, dynamodb }: { redisPort: number; dynamodb: string }) {
  const redis = connectRedis(`redis://127.0.0.1:${redisPort}`)
  onTestFinished(() => redis.disconnect())
  return openHealth({ redis, db: connectDynamoDB(dynamodb), table })
}

test('with both there it is ok; with DynamoDB alone degraded, and 200 all the same', async () => {
  expect(await call('getHealth')).toMatchObject({
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    json: { status: 'degraded', redis: { state: 'down' }, dynamodb: { state: 'up' } },
  })
  await freshRedis({ port: redisPort })
  await expect
    .poll(async () => (await call('getHealth')).json, { timeout: 5000, interval: 100 })
    .toEqual({
      status: 'ok',
      redis: { state: 'up', lastSeenMs: expect.any(Number) },
      dynamodb: { state: 'up', lastSeenMs: expect.any(Number) },
    })
})

test('with Redis alone it is degraded, since what is cached is answered', async () => {
  const { port } = await freshRedis()
  const health = look({ redisPort: port, dynamodb: 'http://127.0.0.1:1' })
  expect(await health()).toEqual({
    status: 'degraded',
    redis: { state: 'up', lastSeenMs: expect.any(Number) },
    dynamodb: { state: 'down' },
  })
})

test('a Redis that stays silent is waited for no longer than a read would wait', async () => {
  const { port } = await silent()
  const redis = connectRedis(`redis://127.0.0.1:${port}`)
  onTestFinished(() => redis.disconnect())
  const db = connectDynamoDB(endpoint)
  // Makes its connection, which takes longer than the look.
  await openHealth({ redis, db, table })()
  const start = performance.now()
  expect(await openHealth({ redis, db, table })()).toMatchObject({
    redis: { state: 'down' },
    dynamodb: { state: 'up' },
  })
  expect(performance.now() - start).toBeLessThan(600)
})

test('with neither it is down, told within a second and a bit though both stay silent', async () => {
  const { port } = await silent()
  const health = look({ redisPort: port, dynamodb: `http://127.0.0.1:${port}` })
  const start = performance.now()
  expect(await health()).toEqual({ status: 'down', redis: { state: 'down' }, dynamodb: { state: 'down' } })
  expect(performance.now() - start).toBeLessThan(2000)
})

test('a Redis that takes no removals is down: it is not read either', async () => {
  const { port, url } = await freshRedis()
  const health = look({ redisPort: port, dynamodb: endpoint })
  const admin = connectRedis(url)
  onTestFinished(() => admin.disconnect())
  expect((await health()).status).toBe('ok')
  await admin.replicaof('127.0.0.1', 1)
  const down = { status: 'degraded', redis: { state: 'down' } }
  await expect.poll(health, { timeout: 3000 }).toMatchObject(down)
})

test('nor is a cluster up of which one shard takes no removals', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const health = openHealth({ redis, db: connectDynamoDB(endpoint), table })
  await expect.poll(async () => (await health()).status, { timeout: 5000 }).toBe('ok')
  // A master that wants more replicas than it has.
  await cluster.admins[2]?.config('SET', 'min-replicas-to-write', '2')
  await expect.poll(async () => (await health()).redis.state, { timeout: 5000 }).toBe('down')
})

test('the servers are asked once a second at most, and a server that is gone was last seen some time ago', async () => {
  const server = await freshRedis()
  const health = look({ redisPort: server.port, dynamodb: endpoint })
  expect((await health()).status).toBe('ok')
  const client = connectRedis(server.url)
  onTestFinished(() => client.disconnect())
  const asked = async () =>
    Number(/cmdstat_del:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)
  const before = await asked()
  await Promise.all(Array.from({ length: 20 }, () => health()))
  expect(await asked()).toBe(before)
  await server.stop('SIGKILL')
  await expect.poll(health, { timeout: 5000, interval: 50 }).toMatchObject({ redis: { state: 'down' } })
  const { redis } = await health()
  expect(redis.lastSeenMs).toBeGreaterThanOrEqual(1000)
})

test('a Redis that refuses writes is down: what cannot be invalidated is not read', async () => {
  const server = await freshRedis({ args: ['--min-replicas-to-write', '1'] })
  const health = look({ redisPort: server.port, dynamodb: endpoint })
  await expect.poll(async () => (await health()).dynamodb.state).toBe('up')
  expect(await health()).toMatchObject({ status: 'degraded', redis: { state: 'down' } })
})
