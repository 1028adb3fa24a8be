import { randomUUID } from 'node:crypto'
import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import type { KeyedWrite } from '../../lib/catalog/writes.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { createIdempotency } from '../../lib/http/idempotency.ts'
import { Problem } from '../../lib/http/problem.ts'
import { ApiRequest } from '../../lib/http/request.ts'
import type { ApiResponse } from '../../lib/http/response.ts'
import { aProduct, freshHandlers, toEvent } from '../support/http.ts'
import { loseResponses } from '../support/loseResponses.ts'

const { call, put, db, table } = await freshHandlers()
const idempotencyTable = process.env.IDEMPOTENCY_TABLE ?? ''
const create = (key: string, body: object = aProduct, authorizer?: object) =>
  call('postProduct', { body, headers: { 'Idempotency-Key': key }, ...(authorizer && { authorizer }) })

/** Creates work under a key, as the handlers do it. It counts its runs, and responds with the number of the run. */
function createWork({
  key = randomUUID() as string | null,
  payload = {} as unknown,
  route = 'POST /x',
  subject = 'ann',
} = {}) {
  const done = { runs: 0, writes: [] as (KeyedWrite | undefined)[] }
  const client = connectDynamoDB(process.env.DYNAMODB_ENDPOINT)
  const attempt = (during: () => Promise<unknown> = async () => {}, context = {}): Promise<ApiResponse> =>
    createIdempotency(route, client)(
      new ApiRequest(
        toEvent({
          headers: key === null ? {} : { 'idempotency-key': key },
          authorizer: { subject, scope: '' },
        }),
        context,
      ),
      payload,
      async (write) => {
        done.runs++
        done.writes.push(write)
        await during()
        return { statusCode: 201, headers: { run: String(done.runs) }, body: '{}' }
      },
    )
  return { done, attempt, client }
}

test('a repetition with the same key and body gets the same response, even after the product has changed, and is not done again', async () => {
  const first = await create('once')
  expect(first.statusCode).toBe(201)
  await put(first.json.id, { body: { ...aProduct, title: 'changed' } })
  const second = await create('once')
  expect(second).toMatchObject({ statusCode: 201, body: first.body })
  expect(second.headers).toMatchObject({ etag: first.headers.etag, location: first.headers.location })
  const { Items = [] } = await db.send(
    new ScanCommand({
      TableName: table,
      FilterExpression: 'sk = :sk',
      ExpressionAttributeValues: { ':sk': 'PRODUCT' },
    }),
  )
  expect(Items).toHaveLength(1)
})

test('a body with its members in another order is the same body', async () => {
  const first = await create('order')
  const reversed = Object.fromEntries(Object.entries(aProduct).reverse())
  expect((await create('order', reversed)).body).toBe(first.body)
})

test('the same key with another body gets a 422, and is not done', async () => {
  const { json } = await create('twice')
  const other = await create('twice', { ...aProduct, title: 'other' })
  expect(other).toMatchObject({ statusCode: 422, json: { type: 'urn:aisle:problem:idempotency-key-reused' } })
  expect((await create('twice')).json.id).toBe(json.id)
})

test('each subject and each route has its own keys', async () => {
  const key = randomUUID()
  const runs = await Promise.all([
    createWork({ key }).attempt(),
    createWork({ key, subject: 'bob' }).attempt(),
    createWork({ key, route: 'POST /y' }).attempt(),
  ])
  expect(runs.map(({ headers }) => headers.run)).toEqual(['1', '1', '1'])
  const mine = await create('shared')
  const theirs = await create('shared', aProduct, { subject: 'other', scope: 'catalog:write' })
  expect(theirs.json.id).not.toBe(mine.json.id)
})

test('a repetition while the first attempt is running gets a 409 with Retry-After', async () => {
  const { attempt, done } = createWork()
  const started = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const first = attempt(() => {
    started.resolve()
    return finish.promise
  })
  await started.promise
  const refusal = await attempt().catch((error) => error)
  expect(refusal).toBeInstanceOf(Problem)
  expect(refusal).toMatchObject({
    status: 409,
    code: 'idempotency-key-in-use',
    headers: { 'retry-after': '1' },
  })
  finish.resolve()
  expect(await first).toEqual(await attempt())
  expect(done.runs).toBe(1)
})

test('of many concurrent attempts only one runs', async () => {
  const { attempt, done } = createWork()
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => attempt()))
  expect(done.runs).toBe(1)
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ status: 409 })
    else expect(result.value.headers.run).toBe('1')
  }
})

test('a failed attempt stores no response, so that it can be retried', async () => {
  const { attempt, done } = createWork()
  const failure = new Problem(409, 'id-taken', 'x')
  await expect(attempt(() => Promise.reject(failure))).rejects.toBe(failure)
  expect(await attempt()).toMatchObject({ headers: { run: '2' } })
  expect(await attempt()).toMatchObject({ headers: { run: '2' } })
  // Every attempt identifies the same write, so that the second finds what the first may have done.
  const [first, second] = done.writes
  expect(second).toMatchObject({ id: first?.id, fingerprint: first?.fingerprint })
})

test('an attempt that died holds its key no longer than its function could have run', async () => {
  const { attempt, done } = createWork()
  const end = performance.now() + 2000
  const died = attempt(() => new Promise(() => {}), {
    getRemainingTimeInMillis: () => end - performance.now(),
  })
  await Promise.race([died, expect.poll(() => done.runs).toBe(1)])
  await expect(attempt()).rejects.toMatchObject({ status: 409 })
  // An attempt without a known time limit would hold the key for ten seconds.
  await expect.poll(() => attempt().then(({ headers }) => headers.run, String)).toBe('2')
})

test('a request whose response to storing the key was lost recognises its own record', async () => {
  const { attempt, client, done } = createWork()
  const chaos = loseResponses(client, 'PutItemCommand')
  chaos.losses = 1
  expect(await attempt()).toMatchObject({ headers: { run: '1' } })
  expect(chaos.losses).toBe(0)
  expect(done.runs).toBe(1)
})

test('work that is done gets its response even if that cannot be stored, and a repetition finds it done', async () => {
  const { attempt, client } = createWork()
  const chaos = loseResponses(client, 'UpdateItemCommand')
  expect(
    await attempt(async () => {
      chaos.losses = 2
    }),
  ).toMatchObject({ statusCode: 201 })

  // The state that a process leaves if it dies between its write and its record.
  const first = await create('died', { ...aProduct, id: 'died' })
  const { Items = [] } = await db.send(new ScanCommand({ TableName: idempotencyTable }))
  const record = Items.find(({ data }) => data?.headers?.location === '/products/died')
  const held = { ...record, status: 'INPROGRESS', in_progress_expiration: Date.now() - 1 }
  await db.send(new PutCommand({ TableName: idempotencyTable, Item: held }))
  const again = await create('died', { ...aProduct, id: 'died' })
  expect(again).toMatchObject({ statusCode: 201, json: { version: first.json.version } })
})

test('a response is stored for 24 hours', async () => {
  const before = Date.now() / 1000
  const { attempt } = createWork({ route: 'POST /stored' })
  await attempt()
  const { Items = [] } = await db.send(new ScanCommand({ TableName: idempotencyTable }))
  for (const { expiration } of Items) expect(Math.abs(expiration - before - 24 * 3600)).toBeLessThan(120)
  // DynamoDB deletes expired items only later. An expired record that still exists has no effect.
  for (const item of Items)
    await db.send(new PutCommand({ TableName: idempotencyTable, Item: { ...item, expiration: 1 } }))
  expect(await attempt()).toMatchObject({ headers: { run: '2' } })
})

test('without the header every request is done', async () => {
  const { attempt, done } = createWork({ key: null })
  await attempt()
  await attempt()
  expect(done.runs).toBe(2)
  expect(done.writes).toEqual([undefined, undefined])
})

test('a key is 1 to 255 visible ASCII characters', async () => {
  for (const key of ['!', '~'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"']) {
    expect((await create(key)).statusCode).toBe(201)
  }
  for (const key of ['', ' ', 'a b', 'x'.repeat(256), 'ä', 'a\u0000', 'a\n']) {
    const refused = await create(key, { ...aProduct, id: 'refused' })
    expect(refused).toMatchObject({
      statusCode: 400,
      json: { type: 'urn:aisle:problem:invalid-idempotency-key' },
    })
  }
  const { Item } = await db.send(
    new GetCommand({ TableName: table, Key: { pk: 'PRODUCT#refused', sk: 'PRODUCT' } }),
  )
  expect(Item).toBeUndefined()
})
