import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { countProducts } from '../../lib/catalog/categories/countProducts.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { LambdaRecord } from '../../lib/local/stream/lambdaRecord.ts'
import { categoryMoves } from '../../lib/stream/categoryMoves.ts'
import { changesIn } from '../../lib/stream/records.ts'
import { freshTables } from '../support/dynamodb.ts'
import { freshHandlers } from '../support/http.ts'
import { readRecords, toStreamEvent } from '../support/stream.ts'

const signal = AbortSignal.timeout(60_000)

/** Reads and changes the counters of a table. */
function countersOf({ db, table }: { db: DynamoDBDocumentClient; table: string }) {
  const counts = async (): Promise<Record<string, number>> => {
    const { Items = [] } = await db.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'CATEGORIES' },
      }),
    )
    return Object.fromEntries(
      Items.filter(({ products }) => products !== 0).map((item) => [item.sk, item.products]),
    )
  }
  return {
    counts,
    count: (moves: Parameters<typeof countProducts>[1]) => countProducts({ db, table, signal }, moves),
  }
}

describe('a product is counted', () => {
  test('once, however often the same move arrives', async () => {
    const { count, counts } = countersOf(await freshTables())
    const move = { id: 'a', category: 'x/y', asOf: 5 }
    expect(await count([move])).toBe(1)
    expect(await count([move])).toBe(0)
    expect(await counts()).toEqual({ 'x/y': 1 })
  })

  test('in its current category, and an older move changes nothing', async () => {
    const { count, counts } = countersOf(await freshTables())
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    await count([{ id: 'a', category: 'y', asOf: 7 }])
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    await count([{ id: 'a', category: 'z', asOf: 6 }])
    expect(await counts()).toEqual({ y: 1 })
    // A newer version with the same category counts too.
    await count([{ id: 'a', category: 'y', asOf: 9 }])
    await count([{ id: 'a', category: 'z', asOf: 8 }])
    expect(await counts()).toEqual({ y: 1 })
  })

  test('in no category after it was deleted, and again after it was created again', async () => {
    const { count, counts } = countersOf(await freshTables())
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    await count([{ id: 'a', category: undefined, asOf: 5.5 }])
    expect(await counts()).toEqual({})
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    expect(await counts()).toEqual({})
    await count([{ id: 'a', category: 'x', asOf: 6 }])
    expect(await counts()).toEqual({ x: 1 })
    expect(await count([{ id: 'never', category: undefined, asOf: 1 }])).toBe(0)
  })

  test('once by many concurrent processes', async () => {
    const { count, counts } = countersOf(await freshTables())
    const moves = Array.from({ length: 8 }, (_, n) => ({ id: `p${n}`, category: n % 2 ? 'x' : 'y', asOf: 1 }))
    await Promise.all(Array.from({ length: 6 }, (_, n) => count(n % 2 ? moves : moves.toReversed())))
    expect(await counts()).toEqual({ x: 4, y: 4 })
    const moved = moves.map((move) => ({ ...move, category: 'z', asOf: 2 }))
    await Promise.all(Array.from({ length: 6 }, (_, n) => count(n % 2 ? moved : moved.toReversed())))
    expect(await counts()).toEqual({ z: 8 })
  })
})

describe('onProductChange', async () => {
  const { db, table, redisPort, call } = await freshHandlers({ hasStream: true })
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const redis = await startRedis({ binary, port: redisPort })
  afterAll(() => redis.stop('SIGKILL'))
  const { counts } = countersOf({ db, table })
  const { handler } = await import('../../functions/onProductChange.ts')
  /** Delivers records, and again while it fails: on a busy machine Redis can be too slow for the function. */
  const take = (records: (LambdaRecord | undefined)[]) =>
    expect.poll(() => handler(toStreamEvent(records)), { timeout: 10_000 }).toEqual({ batchItemFailures: [] })
  const put = (id: string, category: string, version: number, more = {}) =>
    db.send(
      new PutCommand({
        TableName: table,
        Item: {
          ...productKey(id),
          id,
          category,
          listedAt: `2026-01-01T00:00:00.000Z#${id}`,
          version,
          ...more,
        },
      }),
    )
  const remove = (id: string) => db.send(new DeleteCommand({ TableName: table, Key: productKey(id) }))
  /** The stream holds all changes of the table, so each test starts after the records of the test before. */
  let seen = 0
  const newRecords = async (count: number) => {
    const all = await readRecords(db, table, seen + count)
    const fresh = all.slice(seen)
    seen = all.length
    return fresh
  }

  test('counts creations, category changes, tombstones and removals, in one batch or one by one', async () => {
    await put('a', 'x', 1)
    await put('b', 'x', 1)
    await put('c', 'x/y', 1)
    await put('b', 'z', 2)
    await db.send(
      new PutCommand({ TableName: table, Item: { ...productKey('c'), id: 'c', deleted: true, version: 2 } }),
    )
    await remove('a')
    await put('d', 'z', 1)
    const records = await newRecords(7)
    for (const record of records)
      expect(await handler(toStreamEvent([record]))).toEqual({ batchItemFailures: [] })
    expect(await counts()).toEqual({ z: 2 })
    await take(records)
    expect(await counts()).toEqual({ z: 2 })
  })

  test('leads to the right counts, whatever the changes and however they are delivered', async () => {
    const step = fc.record({
      id: fc.constantFrom('p1', 'p2', 'p3'),
      to: fc.constantFrom('u', 'u/v', 'w', 'tombstone', 'gone'),
    })
    const cut = fc.record({ from: fc.nat(30), length: fc.integer({ min: 1, max: 30 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.array(cut, { maxLength: 6 }),
        async (steps, cuts) => {
          let version = Date.now() * 10
          for (const { id, to } of steps) {
            version++
            if (to === 'gone') await remove(id)
            else if (to === 'tombstone')
              await db.send(
                new PutCommand({ TableName: table, Item: { ...productKey(id), id, deleted: true, version } }),
              )
            else await put(id, to, version)
          }
          await put(`end${version}`, 'w', version)
          let fresh: LambdaRecord[] = []
          const isLast = (pk: unknown) =>
            JSON.stringify(pk) === JSON.stringify({ S: `PRODUCT#end${version}` })
          do fresh = (await readRecords(db, table, seen + fresh.length + 1)).slice(seen)
          while (!isLast(fresh.at(-1)?.dynamodb.Keys?.pk))
          seen += fresh.length
          // Delivers parts of the records out of order and twice, and then all of them, as the stream guarantees.
          for (const { from, length } of cuts) await handler(toStreamEvent(fresh.slice(from, from + length)))
          await take(fresh)
          for (const { from, length } of cuts) await handler(toStreamEvent(fresh.slice(from, from + length)))
          expect(await counts()).toEqual(await countAll())
        },
      ),
      { numRuns: 15 },
    )
  })

  /** Counts all products of the table by a scan. */
  async function countAll(): Promise<Record<string, number>> {
    const counted: Record<string, number> = {}
    const { Items = [] } = await db.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
    for (const { sk, deleted, category } of Items)
      if (sk === 'PRODUCT' && !deleted) counted[category] = (counted[category] ?? 0) + 1
    return counted
  }

  test('counts more moves than fit into one transaction', async () => {
    const ids = Array.from({ length: 80 }, (_, n) => `m${n}`)
    await Promise.all(ids.map((id) => put(id, `from/${id}`, 1)))
    await take(await newRecords(80))
    await Promise.all(ids.map((id) => put(id, `to/${id}`, 2)))
    await take(await newRecords(80))
    expect(await counts()).toEqual(await countAll())
  })

  test('sees no move in a change that leaves the category as it is', async () => {
    await put('n', 'x', 1)
    await take(await newRecords(1))
    await put('n', 'x', 2, { title: 'new' })
    const fail = (_: unknown, error: unknown) => {
      throw error
    }
    expect(categoryMoves(changesIn(await newRecords(1), fail), fail)).toEqual([])
  })

  test('names the first record that could not be counted in time', async () => {
    await put('n', 'y', 3)
    await put('o', 'y', 1)
    const [first, second] = await newRecords(2)
    const late = await handler(toStreamEvent([first, second]), { getRemainingTimeInMillis: () => 0 })
    expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: first?.dynamodb.SequenceNumber }] })
    await take([first, second])
    expect(await counts()).toEqual(await countAll())
  })

  test('skips malformed records and counts the rest', async () => {
    await put('q', 'good', 1)
    const [good] = await newRecords(1)
    const product = { pk: { S: 'PRODUCT#r' }, sk: { S: 'PRODUCT' } }
    const malformed = [
      null,
      'x',
      {},
      { dynamodb: {} },
      { dynamodb: { SequenceNumber: '1', Keys: product } },
      { dynamodb: { SequenceNumber: '1', Keys: product, NewImage: { version: { N: '1' } } } },
      { dynamodb: { SequenceNumber: '1', Keys: product, NewImage: { category: { S: 'x' } } } },
      { dynamodb: { SequenceNumber: '1', Keys: product, NewImage: { category: { Q: 'x' } } } },
      { dynamodb: { SequenceNumber: '1', Keys: { pk: { N: '1' } }, NewImage: {} } },
    ]
    expect(await handler(toStreamEvent([...malformed, good, ...malformed]))).toEqual({
      batchItemFailures: [],
    })
    expect((await counts()).good).toBe(1)
    const malformedEvents: unknown[] = [undefined, null, {}, { Records: 'x' }]
    for (const event of malformedEvents)
      expect(await handler(event as DynamoDBStreamEvent)).toEqual({ batchItemFailures: [] })
  })

  test('counts a product that is put through the API', async () => {
    const response = await call('putProduct', {
      path: { id: 'real' },
      body: { title: 'Real', category: 'real/thing', price: { amount: 1, currency: 'EUR' } },
    })
    expect(response.statusCode).toBe(201)
    await take(await newRecords(1))
    expect((await counts())['real/thing']).toBe(1)
  })
})
