import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { handle } from '../../lib/http/handler.ts'
import { metricsOfRequest } from '../../lib/telemetry/requestMetrics.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { get, put, redisPort } = await freshHandlers()

const getUsed = (response: { headers: Record<string, string> }) => {
  const text = response.headers['server-timing'] ?? ''
  expect(text).toMatch(/^$|^(cache|db);dur=\d+\.\d(, db;dur=\d+\.\d)?$/)
  return [...text.matchAll(/(\w+);dur=/g)].map(([, name]) => name)
}

test('Server-Timing has the time in the cache and in the database, if the request used them', async () => {
  await freshRedis({ port: redisPort })
  expect(getUsed(await put('a', { body: aProduct }))).toEqual(['cache', 'db'])
  await expect.poll(async () => getUsed(await get('a')), { timeout: 5000 }).toEqual(['cache'])
  const { headers } = await get('a')
  expect(getUsed(await get('a', { headers: { 'if-none-match': headers.etag ?? '' } }))).toEqual(['cache'])
  expect(getUsed(await get('nothing'))).toEqual(['cache', 'db'])
  expect(getUsed(await get('no id'))).toEqual([])
})

test('time counts for the database while it is queried, and otherwise for the cache, but never twice', async () => {
  const marks: number[] = []
  const phase = async (ms: number) => {
    marks.push(performance.now())
    await sleep(ms)
  }
  const waiting = handle({ route: 'GET /nothing' }, async () => {
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
  const [entered = 0, queried = 0, , returned = 0, left = 0] = marks
  // Within a few milliseconds, because the marks are not set at exactly the same time.
  expect(Math.abs(Number(cache) - (queried - entered + (left - returned)))).toBeLessThan(5)
  expect(Math.abs(Number(db) - (returned - queried))).toBeLessThan(5)
})
