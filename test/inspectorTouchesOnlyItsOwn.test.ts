import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { fill } from './support/fill.ts'
import { startInspected } from './support/inspector.ts'

test('flush, expire, burst and the switch touch nothing in a Redis but the entries of this catalogue, and never stop it', async () => {
  const { db, table, redis, redisSwitch, press, read } = await startInspected()
  await fill(db, table, 'shelf', ['a', 'b'])
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  // Others of the same Redis: another catalogue, whose name begins alike, and what is no catalogue.
  const others = [`${table}2:{a}:product`, `x${table}:{a}:product`, `${table}:{a}:product:mine`, 'mine']
  for (const key of others) await client.set(key, 'still here')
  const own = async () => (await client.keys(`${table}:{*}:product`)).sort()

  const fillBoth = async () => {
    await expect.poll(async () => (await read('a')) && (await read('b')) && own()).toHaveLength(2)
  }
  await fillBoth()
  expect(await press('expire')).toEqual({
    status: 200,
    said: 'The time of 1 entry is over: the next read is a miss.',
  })
  await expect.poll(own).toEqual([`${table}:{b}:product`])
  await fillBoth()
  expect(await press('flush')).toEqual({
    status: 200,
    said: '2 entries of this catalogue removed. Other keys of the same Redis are left alone.',
  })
  expect(await own()).toEqual([])
  expect((await press('burst')).said).toMatch(
    /^200 readers of 20 sandboxes .*: \d+ database reads?, all answered/,
  )

  expect((await press('redisOff')).status).toBe(200)
  expect(redisSwitch.on).toBe(false)
  expect((await read()).headers.get('cache-status')).toMatch(/^aisle; fwd=bypass/)
  // The server itself goes on.
  expect(await client.ping()).toBe('PONG')
  expect((await press('redisOn')).status).toBe(200)
  await expect
    .poll(async () => (await read()).headers.get('cache-status'), { timeout: 10_000 })
    .toMatch(/hit/)
  for (const key of others) expect(await client.get(key)).toBe('still here')
})
