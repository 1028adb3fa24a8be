import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import * as fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openCursors } from '../../lib/catalog/table/cursor.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { wrongBodies } from '../support/almostBody.ts'
import { type Answer, Contract } from '../support/contract.ts'
import { almostEvent, anyEvent, anyHeaders, ids } from '../support/events.ts'
import { giants } from '../support/giants.ts'
import { aProduct, eventOf, freshHandlers } from '../support/http.ts'
import { operations } from '../support/openapi.ts'

const { db, table, call, put, redisPort } = await freshHandlers()
Object.assign(process.env, { TOKEN_ISSUER: 'x', TOKEN_AUDIENCE: 'x', TOKEN_JWKS: 'file:/nowhere' })
const idempotencyTable = process.env.IDEMPOTENCY_TABLE ?? ''
const contract = new Contract()

/** What is stored before the next event. */
let before = ''

beforeAll(async () => {
  const redis = await startRedis({ binary: findRedisBinary() ?? '', port: redisPort })
  // The key of the cursors is written when it is first needed, also by a read.
  await openCursors({ db, table }).sign('x', 'x')
  return () => redis.stop('SIGKILL')
})

// The events before may have deleted them.
beforeEach(async () => {
  const variants = ['S', 'M/L é'].map((sku) => ({ sku, price: aProduct.price, stock: 3 }))
  for (const id of ids) await put(id, { body: { ...aProduct, variants } })
  await call('postReview', { path: { id: 'a' }, body: { rating: 4, body: 'Good.', author: 'Ann' } })
  await call('deleteProduct', { path: { id: 'c' } })
  before = await stored()
})

/** All that is stored. */
async function stored(): Promise<string> {
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

/** What the test looks at in an event, if it is there. */
type Sent = Partial<{
  body: unknown
  isBase64Encoded: unknown
  requestContext: { authorizer?: { lambda?: { scope?: unknown } } }
}> | null

/** Whether an operation is open to all, or the authorizer's word in an event allows it. */
function mayDo(id: string, event: Sent): boolean {
  const scope = event?.requestContext?.authorizer?.lambda?.scope
  const wanted = operations.get(id)?.operation.security.flatMap(({ token = [] }) => token) ?? []
  return wanted.every((one) => typeof scope === 'string' && scope.split(' ').includes(one))
}

function bodyOf(event: Sent): string {
  const { body, isBase64Encoded } = event ?? {}
  return isBase64Encoded ? Buffer.from(String(body), 'base64').toString() : String(body)
}

/** Hands an event to a handler, and demands all that must hold of any answer. */
async function answerTo(id: string, event: Sent): Promise<Answer> {
  const { handler } = await import(`../../functions/${id}.ts`)
  const answer: Answer = await handler(event)
  const { statusCode, headers, body } = answer
  expect(statusCode, body).not.toBe(500)
  for (const text of Object.values(headers)) expect(text).toMatch(/^[\t\x20-\x7e]*$/)
  contract.checkAnswer(id, answer)
  if (!mayDo(id, event)) expect([401, 403]).toContain(statusCode)
  const told = JSON.stringify(headers) + body
  expect(told).not.toContain(table)
  expect(told).not.toMatch(/node_modules|\.[cm]?[jt]s:\d|127\.0\.0\.1|Exception|ECONN/)
  return answer
}

/** As {@link answerTo}; and what is stored has changed only by a write that was valid and says that it was done. */
async function writtenBy(id: string, event: Sent): Promise<void> {
  const was = before
  const { statusCode, body } = await answerTo(id, event).finally(async () => {
    before = await stored()
  })
  if (before === was) return
  expect(statusCode, `${id} has written: ${body}`).toBeLessThan(300)
  if (operations.get(id)?.operation.requestBody) contract.checkBody(id, bodyOf(event))
}

/** Other events with each run; a failure prints its seed, and SEED=<seed> repeats it. */
const settings = {
  seed: Number(process.env.SEED) || Date.now(),
  // Also ends the search for a smaller example.
  interruptAfterTimeLimit: 15_000,
}

describe('whatever event comes, the answer is well-formed and no fault, and nothing is written but what is valid and allowed', () => {
  for (const [id, { method, operation }] of operations) {
    const demand = method === 'get' ? answerTo : writtenBy

    test(`${id}: any event`, async () => {
      const property = fc.asyncProperty(anyEvent(id), async (event) => {
        await demand(id, event as Sent)
      })
      await fc.assert(property, { ...settings, numRuns: 20 })
    })

    test(`${id}: a request that is almost right`, async () => {
      const property = fc.asyncProperty(almostEvent(id), async (event) => {
        await demand(id, event as Sent)
      })
      await fc.assert(property, { ...settings, numRuns: 35 })
    })

    if (operation.requestBody)
      test(`${id}: a wrong value in each place of the body, one at a time`, async () => {
        for (const body of wrongBodies(id)) {
          const event = eventOf({ path: { id: 'a', sku: 'S' }, body })
          const { statusCode } = await answerTo(id, event as Sent)
          if (statusCode >= 300) continue
          contract.checkBody(id, body)
          // What no schema can say: a NUL, or half of a surrogate pair.
          expect(body).not.toMatch(/\\u(0000|d800)/)
        }
        before = await stored()
      })

    test(`${id}: too much of something`, async () => {
      for (const [what, event] of Object.entries(giants())) {
        const start = performance.now()
        await demand(id, event as Sent).catch((error) => {
          throw new Error(`${what}: ${error.message.slice(0, 2000)}`)
        })
        expect(performance.now() - start, what).toBeLessThan(3000)
      }
    })
  }

  test('reads write nothing at all', async () => {
    for (const [id, { method }] of operations) {
      if (method !== 'get') continue
      const property = fc.asyncProperty(fc.oneof(anyEvent(id), almostEvent(id)), async (event) => {
        await answerTo(id, event as Sent)
      })
      await fc.assert(property, { ...settings, numRuns: 20 })
    }
    expect(await stored()).toBe(before)
  })

  test('the authorizer allows nothing for any headers', async () => {
    const { handler } = await import('../../functions/authorize.ts')
    const property = fc.asyncProperty(anyHeaders, async (headers) => {
      const { isAuthorized, context } = await handler({ headers } as never)
      expect({ isAuthorized, context }).toEqual({
        isAuthorized: true,
        context: { refusal: expect.any(String) },
      })
    })
    await fc.assert(property, settings)
  })

  test('the prototype of all objects is as it was', () => {
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })
})
