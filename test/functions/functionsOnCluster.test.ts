import { beforeEach, expect, test, vi } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { startIamCache } from '../support/iamCache.ts'
import { secureCluster } from '../support/secureCache.ts'

const { get, put, table } = await freshHandlers()
const cluster = await secureCluster(table)
const iamCache = await startIamCache('cluster', table)
// Each test connects anew, as a sandbox that starts does.
beforeEach(() => void vi.resetModules())

/** Reads until the cache answers: the first reads of a process may find it slower than they can wait for. */
const hit = (id: string) =>
  expect.poll(async () => (await get(id)).headers['cache-status'], { timeout: 5000 }).toMatch(/; hit/)

async function tellTheStory(id: string) {
  const created = await put(id, { body: aProduct })
  expect(created.statusCode).toBe(201)
  await hit(id)
  const body = { ...aProduct, title: 'Another title' }
  const changed = await put(id, { body })
  expect(changed.statusCode).toBe(200)
  expect(changed.headers['cache-status']).toContain('invalidation-done')
  const after = await get(id)
  expect(after.headers['cache-status']).toMatch(/fwd=uri-miss; stored/)
  expect(after.json.title).toBe('Another title')
  await hit(id)
}

test('the functions read and write through a cluster with TLS, by a user with little power', async () => {
  process.env.REDIS_URL = cluster.url
  for (const id of ['1', '2', '3', '4']) await tellTheStory(id)
})

test('and through one that lets them in by their role', async () => {
  const { gate, url } = await iamCache.open({
    cache: 'aisle-test',
    region: 'eu-central-1',
    // Those of the client for DynamoDB Local.
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    now: Date.now,
  })
  process.env.REDIS_URL = url
  process.env.REDIS_IAM = 'arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:aisle-test'
  await tellTheStory('5')
  expect(gate.attempts.length).toBeGreaterThan(0)
  expect(gate.attempts.filter(({ refusal }) => refusal)).toEqual([])
})
