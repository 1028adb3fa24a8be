import { expect, onTestFinished, test } from 'vitest'
import { RedisNotice } from '../../lib/local/logs/redisNotice.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { freshRedis } from '../support/redis.ts'

/** Watches a Redis. Returns the printed lines. */
function watch(url: string) {
  const lines: string[] = []
  const notice = new RedisNotice((line) => lines.push(line))
  onTestFinished(() => notice.stop())
  notice.watch(url)
  return { lines, notice }
}

const soon = { timeout: 10_000, interval: 20 }

test('one line says that Redis is lost and one that it is back, although the starter of Redis says so too', async () => {
  const first = await freshRedis()
  const { lines, notice } = watch(first.url)
  await first.stop('SIGKILL')
  await expect.poll(() => notice.isAway, soon).toBe(true)
  notice.lost('Redis ended with SIGKILL')
  await freshRedis({ port: first.port })
  await expect.poll(() => notice.isAway, soon).toBe(false)
  notice.returned('Redis is running again')
  expect(lines).toEqual([
    'Redis does not answer. Reads and writes continue without it: DynamoDB answers the reads',
    'Redis answers again',
  ])
  notice.lost('Redis ended with SIGKILL')
  expect(lines.at(-1)).toBe('Redis ended with SIGKILL')
})

test('a Redis that hangs is lost until it answers again', async () => {
  const redis = await freshRedis()
  const { lines, notice } = watch(redis.url)
  redis.process.kill('SIGSTOP')
  onTestFinished(() => void redis.process.kill('SIGCONT'))
  await expect.poll(() => notice.isAway, soon).toBe(true)
  redis.process.kill('SIGCONT')
  await expect.poll(() => notice.isAway, soon).toBe(false)
  expect(lines).toHaveLength(2)
})

test('a Redis that refuses the question has answered', async () => {
  const redis = await freshRedis()
  const admin = connectRedis(redis.url)
  onTestFinished(() => admin.disconnect())
  await admin.call('ACL', 'SETUSER', 'default', '-ping')
  const { lines, notice } = watch(redis.url)
  // Refused once, and asked again later.
  const refusals = async () =>
    Number(
      /rejected_calls=(\d+)/.exec(/cmdstat_ping:.*/.exec(await admin.info('commandstats'))?.[0] ?? '')?.[1] ??
        0,
    )
  await expect.poll(refusals, soon).toBeGreaterThan(1)
  expect([notice.isAway, lines]).toEqual([false, []])
})
