import { afterAll, describe, expect, test } from 'vitest'
import { connectRedis } from '../support/connectRedis.ts'
import { type DatabaseFault, startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'
import { freshRedis } from '../support/redis.ts'

const { call, lastLines, redisPort, table } = await freshHandlers()
const proxy = await startDynamodbProxy(process.env.DYNAMODB_ENDPOINT ?? '')
process.env.DYNAMODB_ENDPOINT = proxy.url
afterAll(() => proxy.close())

const secret = 'hidden-value'
const path = { id: secret, sku: secret, reviewId: secret, category: secret }
const bodies: Record<string, object> = {
  postProduct: { ...aProduct, id: secret },
  putProduct: { ...aProduct, title: secret },
  patchProduct: { title: secret },
  patchVariant: { stock: 1 },
  postReview: { rating: 5, body: secret },
}
const calls: [name: string, Call][] = [
  ...[...operations.keys()]
    .filter((name) => name !== 'getProducts')
    .map((name): [string, Call] => [name, { path, ...(bodies[name] && { body: bodies[name] }) }]),
  ['getProducts', { query: { ids: `a,${secret}` } }],
  ['getProducts', { query: { category: secret } }],
  ['getProducts', { query: { category: secret, cursor: `${secret}.${'A'.repeat(22)}` } }],
  ['getReviews', { path, query: { cursor: `${secret}.${'A'.repeat(22)}` } }],
  ['storefront', { route: 'GET /p/{id}', path }],
  ['storefront', { route: 'GET /c/{category+}', path }],
]

const reads = calls.filter(([name]) => name.startsWith('get') || name === 'storefront')

const faults: Record<string, DatabaseFault> = {
  'is throttled': { error: 'ThrottlingException' },
  'refuses the request': { error: 'ValidationException' },
  'is not there': { error: 'ResourceNotFoundException' },
  'resets connections': 'reset',
  'answers what is not JSON': { status: 200, body: `{"Item":{"pk":{"S":"PRODUCT#${secret}"}` },
  'answers with HTML': { status: 200, body: `<p>${secret}</p>` },
}
const commands = ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'TransactWriteItems']

describe('no line of a request has a value of its path, query or body', () => {
  for (const [what, fault] of Object.entries(faults)) {
    test(`if the database ${what}`, async () => {
      const plans = commands.map((command) =>
        proxy.injectFault(command, fault, { times: Number.POSITIVE_INFINITY }),
      )
      const statuses = new Set<number>()
      for (const [name, request] of calls) {
        statuses.add((await call(name, request)).statusCode)
        const [line = ''] = lastLines()
        expect(line, name).not.toContain(secret)
        expect(line, name).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 12))
      }
      for (const plan of plans) plan.end()
      expect([...statuses].some((status) => status >= 500)).toBe(true)
    })
  }

  test('if entries in Redis are not JSON', async () => {
    await freshRedis({ port: redisPort })
    await call('putProduct', { path, body: { ...aProduct, category: secret } })
    await expect
      .poll(async () => (await call('getProduct', { path })).headers['cache-status'])
      .toMatch(/^aisle; hit/)
    const redis = connectRedis(`redis://127.0.0.1:${redisPort}`)
    const readEntries = async () => {
      const keys = await redis.keys('*')
      const texts = await Promise.all(keys.map((key) => redis.get(key).catch(() => '')))
      return texts.flatMap((text, at) => {
        const [, head = '', body = ''] = /^(E.*\n)(.*)$/.exec(text ?? '') ?? []
        return body === '' ? [] : [{ key: keys[at] ?? '', head, body }]
      })
    }
    // Each function has a client of its own, which notices only after a while that there is a Redis.
    const withoutRedis = async () => {
      const names: string[] = []
      for (const [name, request] of reads) {
        const { statusCode } = await call(name, request)
        if (statusCode === 503 || lastLines()[0]?.includes('redis-away')) names.push(name)
      }
      return names
    }
    await expect.poll(withoutRedis).toEqual([])
    for (const { key, head, body } of await readEntries())
      await redis.set(key, head + `{${secret}`.padEnd(body.length, 'x').slice(0, body.length), 'KEEPTTL')
    redis.disconnect()
    const statuses: number[] = []
    for (const [name, request] of reads) {
      // A read passes on the text of an entry, which `call` then cannot parse.
      const response = await call(name, request).catch(() => ({ statusCode: 200 }))
      statuses.push(response.statusCode)
      expect(lastLines()[0], name).not.toContain(secret)
    }
    expect(statuses).toContain(500)
  })

  test('and the line of a 503 names the kind of the error', async () => {
    const plan = proxy.injectFault('GetItem', { error: 'ThrottlingException' }, { times: 10 })
    const { statusCode } = await call('getProduct', { path: { id: 'another' } })
    plan.end()
    expect(statusCode).toBe(503)
    const line = JSON.parse(lastLines()[0] ?? '')
    expect(line.error).toMatch(/LoadFailed: The load failed: [\s\S]*caused by ThrottlingException/)
    expect(line.error).not.toContain(table)
  })
})
