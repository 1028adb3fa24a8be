import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda'
import * as fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { parseReviews } from '../../lib/catalog/reviews/parseReviews.ts'
import { openCursors } from '../../lib/catalog/table/cursor.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { type Answer, Contract } from '../support/contract.ts'
import { almostValidEvent, anyEvent, anyHeaders, ids } from '../support/events.ts'
import { aProduct, freshHandlers, toEvent } from '../support/http.ts'
import { operations } from '../support/openapi.ts'
import { oversizedRequests } from '../support/oversizedRequests.ts'
import { invalidBodies } from '../support/requestBodies.ts'

const { db, table, call, put, redisPort } = await freshHandlers()
Object.assign(process.env, { TOKEN_ISSUER: 'x', TOKEN_AUDIENCE: 'x', TOKEN_JWKS: 'file:/nowhere' })
const idempotencyTable = process.env.IDEMPOTENCY_TABLE ?? ''
const contract = new Contract()

/** Everything that is stored before the next event. */
let before = ''

beforeAll(async () => {
  const redis = await startRedis({ binary: findRedisBinary() ?? '', port: redisPort })
  // The key of the cursors is written when it is first used, which may be during a read.
  await openCursors({ db, table }).sign('x', 'x')
  return () => redis.stop('SIGKILL')
})

// Earlier events may have deleted the products.
beforeEach(async () => {
  const variants = ['S', 'M/L é'].map((sku) => ({ sku, price: aProduct.price, stock: 3 }))
  for (const id of ids) await put(id, { body: { ...aProduct, variants } })
  const review = { id: 'r', rating: 4, body: 'Good.', author: 'Ann', createdAt: '2026-01-01T00:00:00Z' }
  const { content } = parseProduct({ ...aProduct, variants })
  await call('deleteProduct', { path: { id: 'a' } })
  await upsertProduct({ db, table }, { id: 'a', content, reviews: parseReviews('a', [review]) })
  await call('deleteProduct', { path: { id: 'c' } })
  before = await readStored()
})

/** Reads everything that is stored. */
async function readStored(): Promise<string> {
  const items: string[] = []
  for (const TableName of [table, idempotencyTable]) {
    let from: Record<string, unknown> | undefined
    do {
      const { Items = [], LastEvaluatedKey } = await db.send(
        new ScanCommand({ TableName, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
      )
      items.push(...Items.map((item) => JSON.stringify(item)))
      from = LastEvaluatedKey
    } while (from)
  }
  return items.sort().join('\n')
}

/** The parts of an event that the test reads, if they exist. */
type Sent = Partial<{
  body: unknown
  isBase64Encoded: unknown
  requestContext: { authorizer?: { lambda?: { scope?: unknown } } }
}> | null

/** Whether an operation is public, or the event has the scope that it requires. */
function isAllowed(id: string, event: unknown): boolean {
  const scope = (event as Sent)?.requestContext?.authorizer?.lambda?.scope
  const granted = typeof scope === 'string' ? scope.split(' ') : []
  const security = operations.get(id)?.operation.security ?? []
  // Each member is an alternative.
  return (
    security.length === 0 || security.some(({ token = [] }) => token.every((each) => granted.includes(each)))
  )
}

function readBody(event: unknown): string {
  const { body, isBase64Encoded } = (event as Sent) ?? {}
  return isBase64Encoded ? Buffer.from(String(body), 'base64').toString() : String(body)
}

/** Passes an event to a handler, and checks everything that must hold for any response. */
async function checkResponse(id: string, event: unknown): Promise<Answer> {
  const { handler } = await import(`../../functions/${id}.ts`)
  const response: Answer = await handler(event)
  const { statusCode, headers, body } = response
  expect(statusCode, body).not.toBe(500)
  for (const text of Object.values(headers)) expect(text).toMatch(/^[\t\x20-\x7e]*$/)
  contract.checkAnswer(id, response)
  if (!isAllowed(id, event)) expect([401, 403]).toContain(statusCode)
  const text = JSON.stringify(headers) + body
  expect(text).not.toContain(table)
  expect(text).not.toMatch(/node_modules|\.[cm]?[jt]s:\d|127\.0\.0\.1|Exception|ECONN/)
  return response
}

/** As {@link checkResponse}. Also checks that only a valid write that reports success changes what is stored. */
async function checkWrite(id: string, event: unknown): Promise<void> {
  const was = before
  const { statusCode, body } = await checkResponse(id, event).finally(async () => {
    before = await readStored()
  })
  if (before === was) return
  expect(statusCode, `${id} wrote something: ${body}`).toBeLessThan(300)
  if (operations.get(id)?.operation.requestBody) contract.checkBody(id, readBody(event))
}

/** Every run has other events. A failure prints its seed, and SEED=<seed> repeats it. */
const settings = {
  seed: Number(process.env.SEED) || Date.now(),
  // The limit also ends the search for a smaller example.
  interruptAfterTimeLimit: 15_000,
}

describe('for any event, the response is well-formed and not a 500, and only a valid and allowed write changes the store', () => {
  for (const [id, { method, operation }] of operations) {
    const check = method === 'get' ? checkResponse : checkWrite

    test(`${id}: any event`, async () => {
      const property = fc.asyncProperty(anyEvent(id), async (event) => {
        await check(id, event)
      })
      await fc.assert(property, { ...settings, numRuns: 20 })
    })

    test(`${id}: a request that is almost valid`, async () => {
      const property = fc.asyncProperty(almostValidEvent(id), async (event) => {
        await check(id, event)
      })
      await fc.assert(property, { ...settings, numRuns: 35 })
    })

    if (operation.requestBody)
      test(`${id}: one invalid value at each place of the body`, async () => {
        for (const body of invalidBodies(id)) {
          const event = toEvent({ path: { id: 'a', sku: 'S' }, body })
          const { statusCode } = await checkResponse(id, event)
          if (statusCode >= 300) continue
          contract.checkBody(id, body)
          // A schema cannot exclude a NUL or half of a surrogate pair.
          expect(body).not.toMatch(/\\u(0000|d800)/)
        }
        before = await readStored()
      })

    test(`${id}: a request that is too large in one part`, async () => {
      for (const [what, event] of Object.entries(oversizedRequests())) {
        const start = performance.now()
        await check(id, event).catch((error) => {
          throw new Error(`${what}: ${error.message.slice(0, 2000)}`)
        })
        expect(performance.now() - start, what).toBeLessThan(3000)
      }
    })
  }

  test('a read writes nothing', async () => {
    for (const [id, { method }] of operations) {
      if (method !== 'get') continue
      const property = fc.asyncProperty(fc.oneof(anyEvent(id), almostValidEvent(id)), async (event) => {
        await checkResponse(id, event)
      })
      await fc.assert(property, { ...settings, numRuns: 20 })
    }
    expect(await readStored()).toBe(before)
  })

  test('the authorizer grants no scope for any headers', async () => {
    const { handler } = await import('../../functions/authorize.ts')
    const property = fc.asyncProperty(anyHeaders, async (headers) => {
      const { isAuthorized, context } = await handler({ headers } as APIGatewayRequestAuthorizerEventV2)
      expect({ isAuthorized, context }).toEqual({
        isAuthorized: true,
        context: { refusal: expect.any(String) },
      })
    })
    await fc.assert(property, settings)
  })

  test('Object.prototype is unchanged', () => {
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })
})
