import { DeleteCommand, PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { countProducts } from '../../lib/catalog/categories/countProducts.ts'
import { productKey } from '../../lib/catalog/table/items.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { LambdaRecord } from '../../lib/local/stream/event.ts'
import { categoryMoves } from '../../lib/stream/categoryMoves.ts'
import { changesIn } from '../../lib/stream/records.ts'
import { freshTables } from '../support/dynamodb.ts'
import { freshHandlers } from '../support/http.ts'
import { deliveryOf, recordsOf } from '../support/stream.ts'

const signal = AbortSignal.timeout(60_000)

/** A table, and what its counters say. */
async function freshCounters(tables = freshTables()) {
  const { db, table } = await tables
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
    db,
    table,
    counts,
    count: (moves: Parameters<typeof countProducts>[1]) => countProducts({ db, table, signal }, moves),
  }
}

describe('a product is counted', () => {
  test('once, however often it is said', async () => {
    const { count, counts } = await freshCounters()
    const move = { id: 'a', category: 'x/y', asOf: 5 }
    expect(await count([move])).toBe(1)
    expect(await count([move])).toBe(0)
    expect(await counts()).toEqual({ 'x/y': 1 })
  })

  test('where it is now, and not where an older event says', async () => {
    const { count, counts } = await freshCounters()
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    await count([{ id: 'a', category: 'y', asOf: 7 }])
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    await count([{ id: 'a', category: 'z', asOf: 6 }])
    expect(await counts()).toEqual({ y: 1 })
    // The same category again is a later word all the same.
    await count([{ id: 'a', category: 'y', asOf: 9 }])
    await count([{ id: 'a', category: 'z', asOf: 8 }])
    expect(await counts()).toEqual({ y: 1 })
  })

  test('nowhere after it was deleted or removed, and again after it was created again', async () => {
    const { count, counts } = await freshCounters()
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    await count([{ id: 'a', category: undefined, asOf: 5.5 }])
    expect(await counts()).toEqual({})
    await count([{ id: 'a', category: 'x', asOf: 5 }])
    expect(await counts()).toEqual({})
    await count([{ id: 'a', category: 'x', asOf: 6 }])
    expect(await counts()).toEqual({ x: 1 })
    expect(await count([{ id: 'never', category: undefined, asOf: 1 }])).toBe(0)
  })

  test('once by many who count at the same time', async () => {
    const { count, counts } = await freshCounters()
    const moves = Array.from({ length: 8 }, (_, n) => ({ id: `p${n}`, category: n % 2 ? 'x' : 'y', asOf: 1 }))
    await Promise.all(Array.from({ length: 6 }, (_, n) => count(n % 2 ? moves : moves.toReversed())))
    expect(await counts()).toEqual({ x: 4, y: 4 })
    const moved = moves.map((move) => ({ ...move, category: 'z', asOf: 2 }))
    await Promise.all(Array.from({ length: 6 }, (_, n) => count(n % 2 ? moved : moved.toReversed())))
    expect(await counts()).toEqual({ z: 8 })
  })
})

describe('from a real stream', async () => {
  const { db, table, redisPort, call } = await freshHandlers()
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const redis = await startRedis({ binary, port: redisPort })
  afterAll(() => redis.stop('SIGKILL'))
  const { counts } = await freshCounters(Promise.resolve({ db, table } as never))
  const { handler } = await import('../../functions/onProductChange.ts')
  /** Delivers again while it fails: a machine that is busy is slower than the function waits. */
  const take = (records: (LambdaRecord | undefined)[]) =>
    expect.poll(() => handler(deliveryOf(records)), { timeout: 10_000 }).toEqual({ batchItemFailures: [] })
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
  /** The stream has everything that was ever done to the table, so each test begins where the last one ended. */
  let seen = 0
  const news = async (count: number) => {
    const all = await recordsOf(db, table, seen + count)
    const fresh = all.slice(seen)
    seen = all.length
    return fresh
  }

  test('creation, a change of category, a tombstone and a removal are counted, in one batch or one by one', async () => {
    await put('a', 'x', 1)
    await put('b', 'x', 1)
    await put('c', 'x/y', 1)
    await put('b', 'z', 2)
    await db.send(
      new PutCommand({ TableName: table, Item: { ...productKey('c'), id: 'c', deleted: true, version: 2 } }),
    )
    await remove('a')
    await put('d', 'z', 1)
    const records = await news(7)
    for (const record of records)
      expect(await handler(deliveryOf([record]))).toEqual({ batchItemFailures: [] })
    expect(await counts()).toEqual({ z: 2 })
    await take(records)
    expect(await counts()).toEqual({ z: 2 })
  })

  test('whatever is done, and however it is delivered, the counts come to what is there', async () => {
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
          do fresh = (await recordsOf(db, table, seen + fresh.length + 1)).slice(seen)
          while (!isLast(fresh.at(-1)?.dynamodb.Keys?.pk))
          seen += fresh.length
          // Pieces of it first, out of order and twice; at last all of it, as the stream promises.
          for (const { from, length } of cuts) await handler(deliveryOf(fresh.slice(from, from + length)))
          await take(fresh)
          for (const { from, length } of cuts) await handler(deliveryOf(fresh.slice(from, from + length)))
          expect(await counts()).toEqual(await truth())
        },
      ),
      { numRuns: 15 },
    )
  })

  /** What a count of all products would give. */
  async function truth(): Promise<Record<string, number>> {
    const counted: Record<string, number> = {}
    const { Items = [] } = await db.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
    for (const { sk, deleted, category } of Items)
      if (sk === 'PRODUCT' && !deleted) counted[category] = (counted[category] ?? 0) + 1
    return counted
  }

  test('more products than one transaction takes, each from a category of its own to another one', async () => {
    const ids = Array.from({ length: 80 }, (_, n) => `m${n}`)
    await Promise.all(ids.map((id) => put(id, `from/${id}`, 1)))
    await take(await news(80))
    await Promise.all(ids.map((id) => put(id, `to/${id}`, 2)))
    await take(await news(80))
    expect(await counts()).toEqual(await truth())
  })

  test('a change that moves nothing is not looked up', async () => {
    await put('n', 'x', 1)
    await take(await news(1))
    await put('n', 'x', 2, { title: 'new' })
    const fail = (_: unknown, error: unknown) => {
      throw error
    }
    expect(categoryMoves(changesIn(await news(1), fail), fail)).toEqual([])
  })

  test('what cannot be counted in time is named, and nothing before it', async () => {
    await put('n', 'y', 3)
    await put('o', 'y', 1)
    const [first, second] = await news(2)
    const late = await handler(deliveryOf([first, second]), { getRemainingTimeInMillis: () => 0 })
    expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: first?.dynamodb.SequenceNumber }] })
    await take([first, second])
    expect(await counts()).toEqual(await truth())
  })

  test('a malformed record is skipped, and the rest is counted', async () => {
    await put('q', 'good', 1)
    const [good] = await news(1)
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
    expect(await handler(deliveryOf([...malformed, good, ...malformed]))).toEqual({ batchItemFailures: [] })
    expect((await counts()).good).toBe(1)
    for (const event of [undefined, null, {}, { Records: 'x' }])
      expect(await handler(event as never)).toEqual({ batchItemFailures: [] })
  })

  test('a product that is put is counted', async () => {
    const answer = await call('putProduct', {
      path: { id: 'real' },
      body: { title: 'Real', category: 'real/thing', price: { amount: 1, currency: 'EUR' } },
    })
    expect(answer.statusCode).toBe(201)
    await take(await news(1))
    expect((await counts())['real/thing']).toBe(1)
  })
})
