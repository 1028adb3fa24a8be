import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { createHealthCheck } from '../../lib/operations/health.ts'
import { startCluster } from '../support/cluster.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { freshTables } from '../support/dynamodb.ts'
import { freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, redisPort } = await freshHandlers()
const { endpoint, table } = await freshTables()

/** Starts a server that accepts connections and never answers. */
async function startSilentServer() {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { port: address && typeof address === 'object' ? address.port : 0 }
}

function openHealthCheck({ redisPort, dynamodb }: { redisPort: number; dynamodb: string }) {
  const redis = connectRedis(`redis://127.0.0.1:${redisPort}`)
  onTestFinished(() => redis.disconnect())
  return createHealthCheck({ redis, db: connectDynamoDB(dynamodb), table })
}

test('with DynamoDB alone the health is degraded, with status 200; with both servers it is ok', async () => {
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

test('with Redis alone the health is degraded, because cached reads are answered', async () => {
  const { port } = await freshRedis()
  const health = openHealthCheck({ redisPort: port, dynamodb: 'http://127.0.0.1:1' })
  expect(await health()).toEqual({
    status: 'degraded',
    redis: { state: 'up', lastSeenMs: expect.any(Number) },
    dynamodb: { state: 'down' },
  })
})

test('the check waits for a silent Redis no longer than a read does', async () => {
  const { port } = await startSilentServer()
  const redis = connectRedis(`redis://127.0.0.1:${port}`)
  onTestFinished(() => redis.disconnect())
  const db = connectDynamoDB(endpoint)
  // The first check also connects, which takes longer than the check itself.
  await createHealthCheck({ redis, db, table })()
  const startedAt = performance.now()
  expect(await createHealthCheck({ redis, db, table })()).toMatchObject({
    redis: { state: 'down' },
    dynamodb: { state: 'up' },
  })
  expect(performance.now() - startedAt).toBeLessThan(600)
})

test('with two silent servers the health is down, and the check ends within two seconds', async () => {
  const { port } = await startSilentServer()
  const health = openHealthCheck({ redisPort: port, dynamodb: `http://127.0.0.1:${port}` })
  const startedAt = performance.now()
  expect(await health()).toEqual({ status: 'down', redis: { state: 'down' }, dynamodb: { state: 'down' } })
  expect(performance.now() - startedAt).toBeLessThan(2000)
})

test('a Redis that takes no removals is down, because the cache does not read it either', async () => {
  const { port, url } = await freshRedis()
  const health = openHealthCheck({ redisPort: port, dynamodb: endpoint })
  const admin = connectRedis(url)
  onTestFinished(() => admin.disconnect())
  expect((await health()).status).toBe('ok')
  await admin.replicaof('127.0.0.1', 1)
  const down = { status: 'degraded', redis: { state: 'down' } }
  await expect.poll(health, { timeout: 3000 }).toMatchObject(down)
})

test('a cluster is down if one of its shards takes no removals', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const health = createHealthCheck({ redis, db: connectDynamoDB(endpoint), table })
  await expect.poll(async () => (await health()).status, { timeout: 5000 }).toBe('ok')
  // This master refuses writes: it needs more replicas than it has.
  await cluster.admins[2]?.config('SET', 'min-replicas-to-write', '2')
  await expect.poll(async () => (await health()).redis.state, { timeout: 5000 }).toBe('down')
})

test('the check probes the servers at most once a second, and reports when a stopped server was last seen', async () => {
  const server = await freshRedis()
  const health = openHealthCheck({ redisPort: server.port, dynamodb: endpoint })
  expect((await health()).status).toBe('ok')
  const client = connectRedis(server.url)
  onTestFinished(() => client.disconnect())
  const countProbes = async () =>
    Number(/cmdstat_del:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)
  const before = await countProbes()
  await Promise.all(Array.from({ length: 20 }, () => health()))
  expect(await countProbes()).toBe(before)
  await server.stop('SIGKILL')
  await expect.poll(health, { timeout: 5000, interval: 50 }).toMatchObject({ redis: { state: 'down' } })
  const { redis } = await health()
  expect(redis.lastSeenMs).toBeGreaterThanOrEqual(1000)
})

test('a Redis that refuses writes is down, because the cache never reads a key that it cannot invalidate', async () => {
  const server = await freshRedis({ args: ['--min-replicas-to-write', '1'] })
  const health = openHealthCheck({ redisPort: server.port, dynamodb: endpoint })
  await expect.poll(async () => (await health()).dynamodb.state).toBe('up')
  expect(await health()).toMatchObject({ status: 'degraded', redis: { state: 'down' } })
})
