import { Redis } from 'ioredis'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openMostRead } from '../../lib/catalog/mostRead.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { zipf } from '../support/zipf.ts'

const server = await startRedis({ binary: findRedisBinary() ?? '' })
const redis = new Redis(server.port)
afterAll(async () => {
  redis.disconnect()
  await server.stop('SIGKILL')
})
beforeEach(() => redis.flushall())

const readNothing = async () => {}

test('the list contains the true top 20 of a Zipf distribution over 20,000 products, and stays bounded', async () => {
  const { countRead, top } = openMostRead(redis, 'zipf')
  const draw = zipf(20_000)
  const reads = new Map<string, number>()
  let most = 0
  for (let block = 0; block < 200; block++) {
    const batch = Array.from({ length: 10_000 }, () => {
      const id = `p${draw()}`
      reads.set(id, (reads.get(id) ?? 0) + 1)
      return countRead(id, readNothing)
    })
    await Promise.all(batch)
    const [key = ''] = await redis.keys('zipf:{top}:*')
    most = Math.max(most, await redis.zcard(key))
  }
  const trueTop = [...reads].sort(([, a], [, b]) => b - a).map(([id]) => id)
  // About 31,000 reads are sampled. Rank 30 has a third fewer reads than rank 20, so chance does not swap the two.
  const found = await top(30)
  for (const id of trueTop.slice(0, 20)) expect(found).toContain(id)
  expect(found.slice(0, 3)).toEqual(trueTop.slice(0, 3))
  expect(most).toBeGreaterThan(1_000)
  expect(most).toBeLessThanOrEqual(2_000)
}, 120_000)

test('the previous hour counts with its share of the last 60 minutes, and both hours expire', async () => {
  let now = Date.parse('2026-01-01T10:30:00Z')
  const { countRead, top } = openMostRead(redis, 'hours', { rate: 1, now: () => now })
  const read = async (id: string, times: number) => {
    for (let n = 0; n < times; n++) await countRead(id, readNothing)
  }
  await read('old', 4)
  await read('older', 3)
  now += 3_600_000
  await read('new', 3)
  // Half of 4 reads is less than 3.
  expect(await top(10)).toEqual(['new', 'old', 'older'])
  expect(await top(1)).toEqual(['new'])
  for (const key of await redis.keys('hours:*')) expect(await redis.ttl(key)).toBeLessThanOrEqual(7_200)
  now += 2 * 3_600_000
  expect(await top(10)).toEqual([])
})

test('about one in 64 reads is counted', async () => {
  const client = connectRedis(server.url)
  onTestFinished(() => client.disconnect())
  const { countRead } = openMostRead(client, 'rate')
  for (let n = 0; n < 64_000; n++) await countRead('a', readNothing)
  const key = (await redis.keys('rate:*'))[0] ?? ''
  const count = Number(await redis.zscore(key, 'a'))
  // 1,000 counts are expected, with a standard deviation of 32.
  expect(count).toBeGreaterThan(800)
  expect(count).toBeLessThan(1_200)
})

test('a count adds no round trip: it is sent in the same tick as the read, and before it', async () => {
  const client = connectRedis(server.url)
  onTestFinished(() => client.disconnect())
  const { countRead } = openMostRead(client, 'beside', { rate: 1 })
  await countRead('warm', readNothing)
  const order: string[] = []
  const send = client.sendCommand.bind(client)
  client.sendCommand = (command, stream) => {
    order.push(`${command.name} sent`)
    const response = send(command, stream) as Promise<unknown>
    response.then(
      () => order.push(`${command.name} answered`),
      () => {},
    )
    return response
  }
  await countRead('a', () => client.get('a'))
  // Redis answers the commands of one connection in order.
  expect(order.slice(0, 2)).toEqual(['evalsha sent', 'get sent'])
  expect(order).toHaveLength(4)
})

test('reads are answered, and not slowed down, while Redis is away', async () => {
  const client = connectRedis(`redis://127.0.0.1:${await freePort()}`)
  onTestFinished(() => client.disconnect())
  const { countRead, top } = openMostRead(client, 'away', { rate: 1 })
  const startedAt = performance.now()
  for (let n = 0; n < 100; n++) expect(await countRead('a', async () => n)).toBe(n)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  const failure = new Error('The read failed')
  await expect(countRead('a', () => Promise.reject(failure))).rejects.toBe(failure)
  await expect(top(1)).rejects.toThrow()
})

test('a Redis that does not answer delays one read by 100 ms, and the reads after it not at all', async () => {
  const frozen = await startRedis({ binary: findRedisBinary() ?? '' })
  onTestFinished(() => frozen.stop('SIGKILL'))
  const client = connectRedis(frozen.url)
  onTestFinished(() => client.disconnect())
  const { countRead } = openMostRead(client, 'silent', { rate: 1 })
  await client.ping()
  await countRead('a', readNothing)
  process.kill(frozen.process.pid ?? 0, 'SIGSTOP')
  const startedAt = performance.now()
  await countRead('a', readNothing)
  const first = performance.now() - startedAt
  for (let n = 0; n < 10; n++) await countRead('a', readNothing)
  const all = performance.now() - startedAt
  process.kill(frozen.process.pid ?? 0, 'SIGCONT')
  expect(first).toBeGreaterThan(90)
  expect(all).toBeLessThan(600)
})
