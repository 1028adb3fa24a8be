import { beforeEach, expect, test, vi } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { startIamCache } from '../support/iamCache.ts'
import { secureCluster } from '../support/secureCache.ts'

const { get, put, table } = await freshHandlers()
const cluster = await secureCluster(table)
const iamCache = await startIamCache('cluster', table)
// Each test loads the functions again, so that they connect again, as a new sandbox does.
beforeEach(() => void vi.resetModules())

/** Reads a product until it is a hit. For the first reads of a process, the cache may be too slow. */
const readUntilHit = (id: string) =>
  expect.poll(async () => (await get(id)).headers['cache-status'], { timeout: 5000 }).toMatch(/; hit/)

/** Creates a product, reads it, replaces it, and reads it again. */
async function writeAndRead(id: string) {
  const created = await put(id, { body: aProduct })
  expect(created.statusCode).toBe(201)
  await readUntilHit(id)
  const body = { ...aProduct, title: 'Another title' }
  const changed = await put(id, { body })
  expect(changed.statusCode).toBe(200)
  expect(changed.headers['cache-status']).toContain('invalidation-done')
  const after = await get(id)
  expect(after.headers['cache-status']).toMatch(/fwd=uri-miss; stored/)
  expect(after.json.title).toBe('Another title')
  await readUntilHit(id)
}

test('the functions read and write through a cluster with TLS, as a user with few permissions', async () => {
  process.env.REDIS_URL = cluster.url
  for (const id of ['1', '2', '3', '4']) await writeAndRead(id)
})

test('the functions read and write through a cache that authenticates them by their IAM role', async () => {
  const { proxy, url } = await iamCache.open({
    cache: 'aisle-test',
    region: 'eu-central-1',
    // The credentials of the client for DynamoDB Local.
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    now: Date.now,
  })
  process.env.REDIS_URL = url
  process.env.REDIS_IAM = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-test'
  await writeAndRead('5')
  expect(proxy.attempts.length).toBeGreaterThan(0)
  expect(proxy.attempts.filter(({ refusal }) => refusal)).toEqual([])
})
