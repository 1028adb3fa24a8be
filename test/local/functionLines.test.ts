import { describe, expect, test } from 'vitest'
import { formatRequest, type LogFormat, readLogFormat } from '../../lib/local/logs/format.ts'
import { createFunctionLines } from '../../lib/local/logs/functionLines.ts'

/** Returns what is printed of these lines. */
function printed(lines: (string | object)[], { isRedisAway = false, format = 'short' as LogFormat } = {}) {
  const out: string[] = []
  const onLine = createFunctionLines({
    format,
    print: (line) => out.push(line),
    isRedisAway: () => isRedisAway,
  })
  for (const line of lines) onLine(typeof line === 'string' ? line : JSON.stringify(line))
  return out
}

/** What serverless-offline prints if a job throws. */
const throwingJob = [
  "× Unhandled exception in handler 'warm'.",
  '× Error: Redis closed the connection without a reply',
  '      at EventEmitter.<anonymous> (/tmp/build/functions/warm.cjs:13:957)',
  '      at EventEmitter.emit (node:events:526:24)',
  "× Unhandled Lambda Error during invoke of 'aisle-local-warm': Error: Redis closed the connection without a reply",
  '× Failed to execute scheduled function: [warm] Error: Error: Redis closed the connection without a reply',
]

const idleJobs = [
  { level: 'info', job: 'warm', filled: 0, fresh: 0, failed: 0, left: 0 },
  'Successfully invoked scheduled function: [warm]',
  { level: 'info', job: 'audit', sampled: 3, agreeing: 3, stale: 0, repaired: 0, failed: 0 },
  'Successfully invoked scheduled function: [audit]',
]

const failedOpen = {
  ...{ level: 'warn', route: 'GET /products/{id}', status: 200, failOpensRedisError: 1 },
  warnings: ['Error: Redis closed the connection without a reply'],
}

describe('npm start prints a request as one short line', () => {
  const request = { n: 1, method: 'GET', path: '/products/1?x=1', status: 200, ms: 4.26 }
  const noon = new Date(2026, 0, 2, 12, 3, 4)
  test('with time, method, path, status, what the cache did, and ms', () => {
    expect(formatRequest({ ...request, outcome: 'hit' }, noon)).toBe(
      '12:03:04 GET /products/1?x=1 200 hit 4.3 ms',
    )
    expect(formatRequest({ ...request, outcome: 'none', status: 404, ms: 120.4 }, noon)).toBe(
      '12:03:04 GET /products/1?x=1 404 - 120 ms',
    )
    const write = { ...request, method: 'PUT', outcome: 'write' } as const
    expect(formatRequest({ ...write, detail: 'invalidation-done' }, noon)).toMatch(
      /PUT \S+ 200 write 4\.3 ms$/,
    )
    expect(formatRequest({ ...write, detail: 'invalidation-deferred' }, noon)).toContain(
      'write (invalidation-deferred)',
    )
    expect(formatRequest({ ...request, outcome: 'miss', detail: 'hits:0/21' }, noon)).toContain(
      'miss (hits:0/21)',
    )
  })

  test('that no path can make long, or interpret as commands of a terminal', () => {
    const line = formatRequest(
      { ...request, path: `/\x9b2J\x1b[2J${'x'.repeat(5000)}`, outcome: 'none' },
      noon,
    )
    expect(line).toMatch(/^[\x20-\x7e]*…[\x20-\x7e]*$/)
    expect(line).toContain('/%9B2J%1B[2J')
    expect(line.length).toBeLessThan(200)
  })

  test('and not also as the JSON that the function writes', () => {
    expect(
      printed([{ level: 'info', route: 'GET /categories', status: 200, cache: 'aisle; hit; ttl=9' }]),
    ).toEqual([])
  })
})

test('with AISLE_LOGS=json npm start prints every line of the functions unchanged', () => {
  expect(readLogFormat({})).toBe('short')
  expect(readLogFormat({ AISLE_LOGS: '' })).toBe('short')
  expect(readLogFormat({ AISLE_LOGS: 'json' })).toBe('json')
  expect(() => readLogFormat({ AISLE_LOGS: 'JSON' })).toThrow(
    /AISLE_LOGS is "JSON"\. Set it to json .* or to short/,
  )
  const lines = [...throwingJob, ...idleJobs.map((line) => JSON.stringify(line)), JSON.stringify(failedOpen)]
  expect(printed(lines, { format: 'json', isRedisAway: true })).toEqual(lines)
})

describe('the scheduled jobs', () => {
  test('say nothing if there is nothing to say', () => {
    expect(printed(idleJobs)).toEqual([])
    expect(printed([{ level: 'info', stream: 'onProductChange', records: 2, removals: 2 }])).toEqual([])
  })

  test('say in one line what is wrong, also if they throw', () => {
    expect(printed(throwingJob)).toEqual(['warm failed: Error: Redis closed the connection without a reply'])
    expect(printed([{ level: 'warn', job: 'audit', sampled: 9, stale: 2, repaired: 2, failed: 0 }])).toEqual([
      'audit: 9 sampled, 2 stale, 2 repaired',
    ])
    const failing = {
      level: 'warn',
      job: 'warm',
      filled: 0,
      failed: 2,
      left: 4,
      reasons: ['Error: no table'],
    }
    expect(printed([failing])).toEqual(['warm: 2 failed, 4 left. Error: no table'])
  })
})

describe('while Redis is away', () => {
  test('neither jobs nor the stream nor requests say so again', () => {
    const stream = {
      level: 'warn',
      stream: 'onProductChange',
      deferred: 3,
      reasons: ['Error: Redis did not confirm'],
    }
    const lines = [
      ...throwingJob,
      failedOpen,
      stream,
      { level: 'warn', job: 'warm', failed: 1, reasons: ['Error'] },
    ]
    expect(printed(lines, { isRedisAway: true })).toEqual([])
  })

  test('other output is printed', () => {
    const failure = { level: 'error', route: 'GET /health', status: 500, error: 'Error: x\n    at y' }
    expect(printed([...throwingJob, 'text', failure], { isRedisAway: true })).toEqual([
      'text',
      'GET /health failed: Error: x\n    at y',
    ])
  })
})

test('an error of a request is printed: with its stack for a 500, without for a server that is away', () => {
  const error = 'LoadFailed: no answer\n    at a (b.ts:1)\ncaused by Error: connect ECONNREFUSED\n    at c'
  const line = { level: 'error', route: 'GET /products/{id}', error }
  expect(printed([{ ...line, status: 500 }])).toEqual([`GET /products/{id} failed: ${error}`])
  expect(printed([{ ...line, status: 503 }])).toEqual([
    'GET /products/{id} failed: LoadFailed: no answer caused by Error: connect ECONNREFUSED',
  ])
})

test('warnings of requests, messages of the authorizer and output of other code are printed', () => {
  const message = 'The keys of the token issuer cannot be read'
  expect(
    printed([
      { level: 'warn', route: 'GET /products/{id}', status: 500, warnings: ['a product cannot be read'] },
      { level: 'error', message, error: 'Error: ENOENT' },
      "× Unhandled exception in handler 'getProduct'.",
      '× Error: boom',
      '      at x',
      '{"level": half',
    ]),
  ).toEqual([
    'GET /products/{id}: a product cannot be read',
    `${message}: Error: ENOENT`,
    "× Unhandled exception in handler 'getProduct'.",
    '× Error: boom',
    '      at x',
    '{"level": half',
  ])
})
