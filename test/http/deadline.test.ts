import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { handle } from '../../lib/http/handler.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { call, table, lastLines } = await freshHandlers()

/** A DynamoDB that accepts connections but never responds, for the handlers that are loaded after it. */
const silent = createServer(() => {})
await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
silent.unref()
const address = silent.address()
process.env.DYNAMODB_ENDPOINT = `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`

/** Returns a Lambda context with this much time left. */
function timeLeft(ms: number) {
  const end = performance.now() + ms
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

const routes: [string, Parameters<typeof call>[1]][] = [
  ['getProduct', { path: { id: 'a' } }],
  ['getProducts', { query: { ids: 'a,b' } }],
  ['getProducts', { query: { category: 'kitchen' } }],
  ['getPage', { path: { id: 'a' } }],
  ['getReviews', { path: { id: 'a' } }],
  ['getCategories', {}],
  ['getHealth', {}],
  ['postProduct', { body: { id: 'a', ...aProduct } }],
  ['postProduct', { body: { id: 'a', ...aProduct }, headers: { 'idempotency-key': 'key' } }],
  ['putProduct', { path: { id: 'a' }, body: aProduct }],
  [
    'patchProduct',
    { path: { id: 'a' }, body: { title: 'x' }, headers: { 'content-type': 'application/merge-patch+json' } },
  ],
  [
    'patchVariant',
    {
      path: { id: 'a', sku: 's' },
      body: { stock: 1 },
      headers: { 'content-type': 'application/merge-patch+json' },
    },
  ],
  ['deleteProduct', { path: { id: 'a' } }],
  ['postReview', { path: { id: 'a' }, body: { rating: 5, body: 'x', author: 'x' } }],
  ['deleteReview', { path: { id: 'a', reviewId: 'r' } }],
]

// Loaded here, because loading is not part of the measurement.
for (const [name] of routes) await import(`../../functions/${name}.ts`)

for (const [name, request] of routes) {
  test.concurrent(`${name} ${Object.keys(request ?? {}).join()} responds 503 before its deadline if DynamoDB hangs`, async ({
    expect,
  }) => {
    const start = performance.now()
    const { statusCode, headers, body = '' } = await call(name, { ...request, context: timeLeft(2000) })
    expect(performance.now() - start).toBeLessThan(2000)
    expect(statusCode).toBe(503)
    expect(headers['retry-after']).toMatch(/^\d+$/)
    const text = body + JSON.stringify(headers)
    expect(text).not.toContain(table)
    expect(text).not.toMatch(/127\.0\.0\.1|\bat .*:\d|Timeout|Abort/)
  })
}

test('a handler that waits without a timeout also responds 503, and logs one line', async () => {
  let done = false
  const slow = handle({ route: 'GET /slow' }, async () => {
    await sleep(600)
    done = true
    return { statusCode: 200, headers: {} }
  })
  const start = performance.now()
  const context = { ...timeLeft(500), awsRequestId: 'slow' }
  const { statusCode, headers, body } = await slow({}, context)
  expect(performance.now() - start).toBeGreaterThan(280)
  expect(performance.now() - start).toBeLessThan(480)
  expect(statusCode).toBe(503)
  expect(headers['retry-after']).toBe('1')
  expect(JSON.parse(body ?? '')).toMatchObject({ type: 'urn:aisle:problem:took-too-long', status: 503 })
  await expect.poll(() => done).toBe(true)
  await sleep(20)
  const lines = lastLines(1000).filter((line) => line.includes('"requestId":"slow"'))
  expect(lines.map((line) => JSON.parse(line).status)).toEqual([503])
})

test('requests that end in any order leave the others their deadlines', async () => {
  // 37 and 100 have no common divisor, so that neighbours end far apart. Each third request hangs.
  const durations = Array.from({ length: 100 }, (_, n) => (n % 3 === 0 ? 10_000 : ((n * 37) % 100) + 1))
  const requests = durations.map((ms) =>
    handle({ route: 'GET /some' }, async () => {
      await sleep(ms, undefined, { ref: false })
      return { statusCode: 200, headers: {} }
    })({}, timeLeft(1000)),
  )
  const statuses = (await Promise.all(requests)).map(({ statusCode }) => statusCode)
  expect(statuses).toEqual(durations.map((ms) => (ms === 10_000 ? 503 : 200)))
})

test('a response that was ready while the process was busy is sent, although it is late', async () => {
  const busy = handle({ route: 'GET /busy' }, async () => {
    const until = performance.now() + 400
    // Ends in the event loop's I/O phase, which comes after the timers that are due.
    const io = stat(import.meta.filename)
    while (performance.now() < until);
    await io
    return { statusCode: 200, headers: {} }
  })
  // From here on, the next phase of the event loop is the timers.
  await new Promise(setImmediate)
  expect(await busy({}, timeLeft(500))).toMatchObject({ statusCode: 200 })
})

test('a process lives until its request has a response, and not much longer', async () => {
  const script = `
    const { handle } = await import('${new URL('../../lib/http/handler.ts', import.meta.url)}')
    const forever = handle({ route: 'GET /forever' }, () => new Promise(() => {}))
    const end = performance.now() + 700
    const { statusCode } = await forever({}, { getRemainingTimeInMillis: () => end - performance.now() })
    const responded = performance.now()
    process.on('exit', () => console.log(JSON.stringify({ statusCode, ms: performance.now() - responded })))
  `
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
  })
  const { statusCode, ms } = JSON.parse((await run).stdout.trim().split('\n').at(-1) ?? '')
  expect(statusCode).toBe(503)
  expect(ms).toBeLessThan(1000)
})
