import { expect, test } from 'vitest'
import { handle } from '../../lib/http/handler.ts'
import { counters } from '../../lib/telemetry/requestMetrics.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { get, put, call, redisPort, lastLines } = await freshHandlers()

interface Line {
  [member: string]: unknown
  _aws?: { Timestamp: number; CloudWatchMetrics: Directive[] }
}

interface Directive {
  Namespace: string
  Dimensions: string[][]
  Metrics: { Name: string; Unit: string }[]
}

const parse = (line: string | undefined): Line => JSON.parse(line ?? 'null')
const lastLine = () => parse(lastLines()[0])

/** Reads the metrics that CloudWatch would find in a line. Fails if the line violates the format's specification. */
function readMetrics(line: Line): Record<string, number> {
  const { _aws } = line
  if (!_aws) return {}
  expect(Math.abs(Date.now() - _aws.Timestamp)).toBeLessThan(60_000)
  const [directive, ...others] = _aws.CloudWatchMetrics
  expect(others).toEqual([])
  expect(directive).toMatchObject({ Namespace: 'Aisle', Dimensions: [['route']] })
  expect(line.route).toEqual(expect.any(String))
  const { Metrics = [] } = directive ?? {}
  expect(Metrics.length).toBeGreaterThan(0)
  expect(Metrics.length).toBeLessThanOrEqual(100)
  return Object.fromEntries(
    Metrics.map(({ Name, Unit }) => {
      expect(counters).toContain(Name)
      expect(Unit).toBe(Name === 'leaseWaitMs' ? 'Milliseconds' : 'Count')
      expect(line[Name]).toEqual(expect.any(Number))
      return [Name, line[Name] as number]
    }),
  )
}

/** Waits until reads use the Redis that has just started. */
const untilHit = (id: string) =>
  expect.poll(async () => (await get(id)).headers['cache-status'], { timeout: 5000 }).toMatch(/^aisle; hit/)

test('the line of a miss has its cost, and the line of a hit what it saved', async () => {
  await freshRedis({ port: redisPort })
  await put('a', { body: { ...aProduct, description: 'x'.repeat(9000) } })
  await put('b', { body: aProduct })
  await untilHit('b')
  await get('a', { context: { awsRequestId: 'r-1' } })
  const miss = lastLine()
  expect(miss).toMatchObject({
    level: 'info',
    route: 'GET /products/{id}',
    status: 200,
    cache: expect.stringMatching(/^aisle; fwd=uri-miss; stored; ttl=\d+$/),
    requestId: 'r-1',
  })
  expect(readMetrics(miss)).toEqual({ misses: 1, databaseReads: 1, readUnits: 3 })
  await get('a')
  const hit = lastLine()
  expect(hit).toMatchObject({ status: 200, cache: expect.stringMatching(/^aisle; hit; ttl=\d+$/) })
  expect(readMetrics(hit)).toEqual({ hits: 1, readUnitsSaved: 3 })
  expect(hit).not.toHaveProperty('dbMs')
  for (const ms of [miss.ms, miss.cacheMs, miss.dbMs, hit.ms, hit.cacheMs])
    expect(ms).toEqual(expect.any(Number))
  expect(Number(miss.cacheMs) + Number(miss.dbMs)).toBeLessThanOrEqual(Number(miss.ms) + 0.02)
})

test('a batch counts every product', async () => {
  await freshRedis({ port: redisPort })
  await put('a', { body: { ...aProduct, description: 'x'.repeat(9000) } })
  await put('b', { body: aProduct })
  const batch = () => call('getProducts', { query: { ids: 'a,b,nothing' } })
  await expect
    .poll(async () => (await batch()).headers['cache-status'], { timeout: 5000 })
    .toMatch(/^aisle; hit/)
  expect(readMetrics(lastLine())).toEqual({ hits: 3, readUnitsSaved: 5 })
})

test('work that several requests wait for counts for the request that caused it', async () => {
  await freshRedis({ port: redisPort })
  await put('b', { body: aProduct })
  await untilHit('b')
  await put('c', { body: aProduct })
  await Promise.all(Array.from({ length: 5 }, () => get('c')))
  const metrics = lastLines(5).map((line) => readMetrics(parse(line)))
  const sum = (name: string) => metrics.reduce((total, each) => total + (each[name] ?? 0), 0)
  expect(sum('databaseReads')).toBe(1)
  expect(sum('readUnits')).toBe(1)
  expect(sum('collapsed')).toBe(4)
  expect(sum('leaseWaitMs')).toBeGreaterThan(0)
})

test('a read that bypasses Redis counts with its reason, and the line during which the breaker opens says so', async () => {
  const server = await freshRedis({ port: redisPort })
  await put('b', { body: aProduct })
  await untilHit('b')
  await server.stop('SIGKILL')
  const lines: Line[] = []
  for (let n = 0; n < 6; n++) {
    await get('b')
    lines.push(lastLine())
  }
  const opened = lines.findIndex(({ breaker }) => breaker === 'open')
  expect(opened).toBe(2)
  for (const line of lines.slice(0, opened + 1)) {
    expect(line).toMatchObject({ level: 'warn', status: 200, warnings: [expect.any(String)] })
    expect(readMetrics(line)).toMatchObject({ failOpensRedisError: 1, databaseReads: 1 })
  }
  for (const line of lines.slice(opened + 1)) {
    expect(line).not.toHaveProperty('breaker')
    expect(readMetrics(line)).toEqual({ fallbacks: 1 })
  }
  await get('other')
  expect(readMetrics(lastLine())).toMatchObject({ failOpensRedisAway: 1, databaseReads: 1 })
  await put('b', { body: aProduct })
  expect(readMetrics(lastLine())).toMatchObject({ deferredInvalidations: 1 })
  await freshRedis({ port: redisPort })
  await expect
    .poll(async () => [await get('b'), lastLine().breaker][1], { timeout: 5000, interval: 100 })
    .toBe('closed')
})

test('the line of a 5xx has the error with its causes, and the response does not', async () => {
  const failing = handle({ route: 'GET /nothing' }, async () => {
    throw new Error('the table aisle-secret is gone', { cause: new Error('the disk') })
  })
  const { statusCode, body = '', headers } = await failing({})
  expect(statusCode).toBe(500)
  expect(body + JSON.stringify(headers)).not.toMatch(/secret|disk|\.ts/)
  const line = lastLine()
  expect(line).toMatchObject({ level: 'error', route: 'GET /nothing', status: 500 })
  expect(line.error).toMatch(/aisle-secret[\s\S]*requestLog\.test\.ts[\s\S]*caused by Error: the disk/)
  expect(line).not.toHaveProperty('_aws')
})

test('the line also has what a handler throws synchronously, even if that is not an Error', async () => {
  const throwing = handle({ route: 'GET /nothing' }, () => {
    throw 'text'
  })
  expect(await throwing({})).toMatchObject({ statusCode: 500 })
  expect(lastLine()).toMatchObject({ level: 'error', error: 'text' })
})

test('a line has no token, no body and no query value', async () => {
  await put('d', {
    body: { ...aProduct, title: 'hidden-body' },
    headers: { authorization: 'Bearer hidden-token' },
  })
  await put('d', { body: aProduct, query: { 'hidden-name': 'hidden-query' } })
  await put('d', { body: '{"title":"hidden-body', headers: { authorization: 'Bearer hidden-token' } })
  await put('d', { body: { ...aProduct, colour: 'hidden-body' } })
  await get('d', { query: { 'hidden-name': 'hidden-query' } })
  await call('getProducts', { query: { ids: 'hidden-id' } })
  await call('getProducts', { query: { category: 'kitchen', cursor: 'hidden-query' } })
  const lines = lastLines(7)
  expect(lines.map((line) => parse(line).status)).toEqual([201, 400, 400, 422, 400, 200, 400])
  expect(lines.join()).not.toContain('hidden')
})

test('every request has one line, even if many end at the same time', async () => {
  const before = Array.from({ length: 40 }, (_, n) => `request-${n}`)
  await Promise.all(before.map((awsRequestId) => get('d', { context: { awsRequestId } })))
  expect(lastLines(40).map((line) => parse(line).requestId)).toEqual(expect.arrayContaining(before))
})
