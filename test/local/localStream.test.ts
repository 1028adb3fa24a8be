import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { createTables } from '../../lib/local/servers/tables.ts'
import { startStreamDelivery } from '../../lib/local/stream/delivery.ts'
import type { LambdaRecord } from '../../lib/local/stream/event.ts'
import { matches } from '../../lib/local/stream/filter.ts'
import { changesIn } from '../../lib/stream/records.ts'
import { freshFolder } from '../support/cli.ts'
import { endpointOfWorker, freshTables } from '../support/dynamodb.ts'
import { deliveryOf, follow, recordsOf } from '../support/stream.ts'

const idOf = ({ dynamodb }: LambdaRecord) => String((dynamodb.Keys as { pk: { S: string } }).pk.S)
const put = (db: DynamoDBDocumentClient, table: string, id: string, more = {}, sk = 'PRODUCT') =>
  db.send(new PutCommand({ TableName: table, Item: { pk: `PRODUCT#${id}`, sk, ...more } }))
/** A function that takes all records. */
const into = (seen: string[]) => async (records: LambdaRecord[]) => {
  seen.push(...records.map(idOf))
  return []
}
const numbers = (count: number) => Array.from({ length: count }, (_, n) => `PRODUCT#${n}`)

describe('the local stream', () => {
  test('goes on where it cannot keep how far it is, as on a full disk, and says so once', async () => {
    const troubles: string[] = []
    const delivery = startStreamDelivery({
      // A folder, which cannot be written as a file.
      ...{ file: freshFolder(), dynamodbEndpoint: endpointOfWorker(), lambdaUrl: 'http://127.0.0.1:9' },
      onTrouble: (what) => troubles.push(what),
    })
    const told = () => troubles.filter((what) => /cannot be kept.*EISDIR/.test(what))
    await expect.poll(told).toHaveLength(1)
    await sleep(2500)
    await delivery.stop()
    expect(told()).toHaveLength(1)
  })

  test('delivers every change in order, in batches, and soon', async () => {
    const { db, table } = await freshTables()
    const batches: LambdaRecord[][] = []
    for (let n = 0; n < 150; n++) await put(db, table, String(n))
    follow(db, table, async (records) => {
      batches.push(records)
      return []
    })
    const seen = () => batches.flat().map(idOf)
    await expect.poll(seen, { timeout: 10_000 }).toEqual(numbers(150))
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(100)
    await put(db, table, '150')
    await expect.poll(seen, { timeout: 3000, interval: 10 }).toEqual(numbers(151))
  })

  test('delivers what failed again, and all that follows it, until it has succeeded', async () => {
    const { db, table } = await freshTables()
    for (let n = 0; n < 5; n++) await put(db, table, String(n))
    const deliveries: string[][] = []
    const { troubles } = follow(db, table, async (records) => {
      deliveries.push(records.map(idOf))
      if (deliveries.length === 1)
        return [records[3], records[2]].map((record) => record?.dynamodb.SequenceNumber ?? '')
      if (deliveries.length === 2) throw new Error('The function is away')
      // A failure that names nothing is one of all.
      return deliveries.length === 3 ? [''] : []
    })
    await expect.poll(() => deliveries.length, { timeout: 10_000 }).toBe(4)
    await put(db, table, '5')
    await expect.poll(() => deliveries.length, { timeout: 10_000 }).toBe(5)
    const rest = numbers(5).slice(2)
    expect(deliveries).toEqual([numbers(5), rest, rest, rest, ['PRODUCT#5']])
    expect(troubles).toEqual(['Of 5 records 3 come again'])
  })

  test('begins where it stopped, and at the beginning where nobody knows', async () => {
    const { db, table } = await freshTables()
    const positions = new Map<string, string>()
    const run = async (count: number) => {
      const seen: string[] = []
      const { stop } = follow(db, table, into(seen), {
        positions,
      })
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(count)
      await stop()
      return seen
    }
    await put(db, table, '0')
    await put(db, table, '1')
    expect(await run(2)).toEqual(numbers(2))
    await put(db, table, '2')
    expect(await run(1)).toEqual(['PRODUCT#2'])
    positions.clear()
    expect(await run(3)).toEqual(numbers(3))
  })

  test('follows a table that is made anew', async () => {
    const { db, table } = await freshTables()
    const seen: string[] = []
    follow(db, table, into(seen))
    await put(db, table, 'old')
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['PRODUCT#old'])
    await db.send(new DeleteTableCommand({ TableName: table }))
    await createTables(db, table.replace('aisle-', ''))
    await put(db, table, 'new')
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['PRODUCT#old', 'PRODUCT#new'])
  })

  test('leaves out what the filter of serverless.yml leaves out', async () => {
    const { db, table } = await freshTables()
    await put(db, table, 'a', {}, 'COUNTED')
    await put(db, table, 'a', {}, 'WRITE#1')
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'DEADLETTER', sk: '1' } }))
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'CATEGORIES', sk: 'x', products: 1 } }))
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'SECRET', sk: 'CURSOR' } }))
    await put(db, table, 'b', {}, 'REVIEW#1')
    await put(db, table, 'c')
    expect((await recordsOf(db, table, 2)).map(idOf)).toEqual(['PRODUCT#b', 'PRODUCT#c'])
    expect(() => matches({ a: 'x' }, { a: [{ suffix: 'x' } as never] })).toThrow('not known here')
  })

  test('hands over images that read as the items that they are of', async () => {
    const { db, table } = await freshTables()
    const item = {
      ...{ list: [], map: {}, text: '', no: false, nothing: null, bytes: new Uint8Array([1, 255]) },
      ...{ deep: [{ map: {}, bytes: new Uint8Array([7]) }], number: 0.5, names: new Set(['a']) },
    }
    await put(db, table, 'a', item)
    const [record] = JSON.parse(JSON.stringify(await recordsOf(db, table, 1)))
    expect(record).toMatchObject({
      eventSource: 'aws:dynamodb',
      eventName: 'INSERT',
      eventSourceARN: expect.stringContaining(table),
    })
    const seconds = record.dynamodb.ApproximateCreationDateTime
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60)
    expect(record.dynamodb.NewImage.bytes).toEqual({ B: 'Af8=' })
    const { bytes: _, deep: __, ...plain } = item
    const malformed: unknown[] = []
    const changes = changesIn((deliveryOf([record]) as { Records: unknown }).Records, (_, error) =>
      malformed.push(error),
    )
    expect(malformed).toEqual([])
    expect(changes[0]?.after).toMatchObject(plain)
  })

  test('takes products of the largest size', async () => {
    const { db, table } = await freshTables()
    const text = '"'.repeat(300_000)
    for (let n = 0; n < 12; n++) await put(db, table, String(n), { text })
    for (let n = 0; n < 12; n++) await put(db, table, String(n), { text, again: true })
    const sizes: number[] = []
    const seen: string[] = []
    follow(db, table, async (records) => {
      sizes.push(JSON.stringify({ Records: records }).length)
      seen.push(...records.map(idOf))
      return []
    })
    await expect.poll(() => seen.length, { timeout: 15_000 }).toBe(24)
    // Lambda takes 6 MB, and so does serverless-offline.
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024)
  })

  test('ends at once when it is told to, whatever is under way', async () => {
    const { db, table } = await freshTables()
    await put(db, table, 'a')
    let begun = false
    const { stop } = follow(db, table, (_, signal) => {
      begun = true
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await expect.poll(() => begun, { timeout: 10_000 }).toBe(true)
    const start = performance.now()
    await stop()
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
