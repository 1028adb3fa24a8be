import { Redis } from 'ioredis'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openMostRead } from '../../lib/catalog/mostRead.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { zipf } from '../support/zipf.ts'

const server = await startRedis({ binary: findRedisBinary() ?? '' })
const redis = new Redis(server.port)
afterAll(async () => {
  redis.disconnect()
  await server.stop('SIGKILL')
})
beforeEach(() => redis.flushall())

const readNothing = async () => {}

test('of a Zipf stream over 20,000 products the true top 20 are found, and the list stays bounded', async () => {
  const { counted, top } = openMostRead(redis, 'zipf')
  const draw = zipf(20_000)
  const truth = new Map<string, number>()
  let most = 0
  for (let block = 0; block < 200; block++) {
    const reads = Array.from({ length: 10_000 }, () => {
      const id = `p${draw()}`
      truth.set(id, (truth.get(id) ?? 0) + 1)
      return counted(id, readNothing)
    })
    await Promise.all(reads)
    const [key = ''] = await redis.keys('zipf:{top}:*')
    most = Math.max(most, await redis.zcard(key))
  }
  const trueTop = [...truth].sort(([, a], [, b]) => b - a).map(([id]) => id)
  // Some 31,000 samples. Places 20 and 30 differ by half, so that chance does not carry one beyond.
  const found = await top(30)
  for (const id of trueTop.slice(0, 20)) expect(found).toContain(id)
  expect(found.slice(0, 3)).toEqual(trueTop.slice(0, 3))
  expect(most).toBeGreaterThan(1_000)
  expect(most).toBeLessThanOrEqual(2_000)
}, 120_000)

test('the hour before counts with what of it lies in the last 60 minutes, and both end by themselves', async () => {
  let now = Date.parse('2026-01-01T10:30:00Z')
  const { counted, top } = openMostRead(redis, 'hours', { rate: 1, now: () => now })
  const read = async (id: string, times: number) => {
    for (let n = 0; n < times; n++) await counted(id, readNothing)
  }
  await read('old', 4)
  await read('older', 3)
  now += 3_600_000
  await read('new', 3)
  // 4 by a half is less than 3.
  expect(await top(10)).toEqual(['new', 'old', 'older'])
  expect(await top(1)).toEqual(['new'])
  for (const key of await redis.keys('hours:*')) expect(await redis.ttl(key)).toBeLessThanOrEqual(7_200)
  now += 2 * 3_600_000
  expect(await top(10)).toEqual([])
})

test('of 64 reads about one is counted, and the others send nothing', async () => {
  const client = connectRedis(server.url)
  onTestFinished(() => client.disconnect())
  const { counted } = openMostRead(client, 'rate')
  for (let n = 0; n < 64_000; n++) await counted('a', readNothing)
  const key = (await redis.keys('rate:*'))[0] ?? ''
  const count = Number(await redis.zscore(key, 'a'))
  // 1,000, and the square root of that is 32.
  expect(count).toBeGreaterThan(800)
  expect(count).toBeLessThan(1_200)
})

test('a count is no round trip more: it is sent in the same turn as the read, and before it', async () => {
  const client = connectRedis(server.url)
  onTestFinished(() => client.disconnect())
  const { counted } = openMostRead(client, 'beside', { rate: 1 })
  await counted('warm', readNothing)
  const order: string[] = []
  const send = client.sendCommand.bind(client)
  client.sendCommand = (command, stream) => {
    order.push(`${command.name} sent`)
    const answer = send(command, stream) as Promise<unknown>
    answer.then(
      () => order.push(`${command.name} answered`),
      () => {},
    )
    return answer
  }
  await counted('a', () => client.get('a'))
  // Redis answers what comes by one connection in order.
  expect(order.slice(0, 2)).toEqual(['evalsha sent', 'get sent'])
  expect(order).toHaveLength(4)
})

test('while Redis is away reads are answered, as they are, and not made slower', async () => {
  const client = connectRedis(`redis://127.0.0.1:${await freePort()}`)
  onTestFinished(() => client.disconnect())
  const { counted, top } = openMostRead(client, 'away', { rate: 1 })
  const begun = performance.now()
  for (let n = 0; n < 100; n++) expect(await counted('a', async () => n)).toBe(n)
  expect(performance.now() - begun).toBeLessThan(1_000)
  const failure = new Error('of the read')
  await expect(counted('a', () => Promise.reject(failure))).rejects.toBe(failure)
  await expect(top(1)).rejects.toThrow()
})

test('a Redis that is silent costs a read 100 ms, and those after it nothing', async () => {
  const frozen = await startRedis({ binary: findRedisBinary() ?? '' })
  onTestFinished(() => frozen.stop('SIGKILL'))
  const client = connectRedis(frozen.url)
  onTestFinished(() => client.disconnect())
  const { counted } = openMostRead(client, 'silent', { rate: 1 })
  await client.ping()
  await counted('a', readNothing)
  process.kill(frozen.process.pid ?? 0, 'SIGSTOP')
  const begun = performance.now()
  await counted('a', readNothing)
  const first = performance.now() - begun
  for (let n = 0; n < 10; n++) await counted('a', readNothing)
  const all = performance.now() - begun
  process.kill(frozen.process.pid ?? 0, 'SIGCONT')
  expect(first).toBeGreaterThan(90)
  expect(all).toBeLessThan(600)
})
