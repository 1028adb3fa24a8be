import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { handle } from '../../lib/http/handler.ts'
import { metricsOfRequest } from '../../lib/telemetry/requestMetrics.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { get, put, redisPort } = await freshHandlers()

const used = (response: { headers: Record<string, string> }) => {
  const text = response.headers['server-timing'] ?? ''
  expect(text).toMatch(/^$|^(cache|db);dur=\d+\.\d(, db;dur=\d+\.\d)?$/)
  return [...text.matchAll(/(\w+);dur=/g)].map(([, name]) => name)
}

test('an answer tells how long it took in the cache and in the database, of those that it used', async () => {
  await freshRedis({ port: redisPort })
  expect(used(await put('a', { body: aProduct }))).toEqual(['cache', 'db'])
  await expect.poll(async () => used(await get('a')), { timeout: 5000 }).toEqual(['cache'])
  const { headers } = await get('a')
  expect(used(await get('a', { headers: { 'if-none-match': headers.etag ?? '' } }))).toEqual(['cache'])
  expect(used(await get('nothing'))).toEqual(['cache', 'db'])
  expect(used(await get('no id'))).toEqual([])
})

test('time is counted once: in the cache while the database is not asked, in the database while it is', async () => {
  const marks: number[] = []
  const phase = async (ms: number) => {
    marks.push(performance.now())
    await sleep(ms)
  }
  const waiting = handle('GET /nothing', async () => {
    const metrics = metricsOfRequest.getStore()
    metrics?.enterCache()
    await phase(40)
    metrics?.enterDb()
    metrics?.enterDb()
    await phase(80)
    metrics?.leaveDb()
    await phase(60)
    metrics?.leaveDb()
    await phase(20)
    metrics?.leaveCache()
    await phase(100)
    return { statusCode: 200, headers: {} }
  })
  const { headers } = await waiting({})
  const [, cache, db] = /^cache;dur=([\d.]+), db;dur=([\d.]+)$/.exec(headers['server-timing'] ?? '') ?? []
  const [begun = 0, asked = 0, , told = 0, left = 0] = marks
  // Within a few milliseconds, for the marks are not set in the same moment.
  expect(Math.abs(Number(cache) - (asked - begun + (left - told)))).toBeLessThan(5)
  expect(Math.abs(Number(db) - (told - asked))).toBeLessThan(5)
})
