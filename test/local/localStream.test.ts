import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteTableCommand, DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { readPositions, startStreamDelivery } from '../../lib/local/stream/delivery.ts'
import { matchesPattern, readEventSourceMapping } from '../../lib/local/stream/eventSourceMapping.ts'
import { followShard } from '../../lib/local/stream/followShard.ts'
import type { LambdaRecord } from '../../lib/local/stream/lambdaRecord.ts'
import type { Position } from '../../lib/local/stream/position.ts'
import { changesIn } from '../../lib/stream/records.ts'
import { freshDirectory } from '../support/cli.ts'
import { freshTables, testDynamodbEndpoint } from '../support/dynamodb.ts'
import { connectStreams, followTable, readRecords, toStreamEvent } from '../support/stream.ts'

const getKey = ({ dynamodb }: LambdaRecord) => String((dynamodb.Keys as { pk: { S: string } }).pk.S)
const put = (db: DynamoDBDocumentClient, table: string, id: string, more = {}, sk = 'PRODUCT') =>
  db.send(new PutCommand({ TableName: table, Item: { pk: `PRODUCT#${id}`, sk, ...more } }))
/** Returns a function that accepts every record and adds its key to `seen`. */
const collectInto = (seen: string[]) => async (records: LambdaRecord[]) => {
  seen.push(...records.map(getKey))
  return []
}
const firstKeys = (count: number) => Array.from({ length: count }, (_, n) => `PRODUCT#${n}`)

describe('the local stream', () => {
  test('continues if it cannot save its position, and warns once', async () => {
    const warnings: string[] = []
    const delivery = startStreamDelivery({
      // A directory cannot be written as a file. A full disk has the same effect.
      ...{
        file: freshDirectory(),
        dynamodbEndpoint: testDynamodbEndpoint(),
        lambdaUrl: 'http://127.0.0.1:9',
      },
      onWarning: (message) => warnings.push(message),
    })
    const saveWarnings = () => warnings.filter((message) => /Cannot save the position.*EISDIR/.test(message))
    await expect.poll(saveWarnings).toHaveLength(1)
    await sleep(2500)
    await delivery.stop()
    expect(saveWarnings()).toHaveLength(1)
  })

  test('ignores a saved position in the form of an earlier release, without a notice', () => {
    const file = join(freshDirectory(), 'stream.json')
    const position: Position = { sequenceNumber: '000085', eventId: 'a' }
    const earlier = { text: '000085', nothing: null, number: { sequenceNumber: '000085' } }
    writeFileSync(file, JSON.stringify({ ...earlier, shard: position }))
    expect([...readPositions(file)]).toEqual([['shard', position]])
  })

  test('delivers nothing again of a closed shard that was delivered to its end', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    for (const id of ['0', '1', '2']) await put(db, table, id)
    const positions = new Map<string, Position>()
    const seen: string[] = []
    const first = followTable(db, table, collectInto(seen), { positions })
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(firstKeys(3))
    await first.stop()
    const [shard = '', position] = [...positions][0] ?? []
    const { Table } = await db.send(new DescribeTableCommand({ TableName: table }))
    const disabled = { StreamSpecification: { StreamEnabled: false } }
    await db.send(new UpdateTableCommand({ TableName: table, ...disabled }))
    const warnings: string[] = []
    const mapping = { ...readEventSourceMapping(), table }
    const options = { db, streams: connectStreams(), mapping, invoke: collectInto(seen), positions }
    await followShard(
      { ...options, onWarning: (line) => warnings.push(line), signal: AbortSignal.timeout(5000) },
      Table?.LatestStreamArn ?? '',
      shard,
    )
    expect({ seen, warnings, position: positions.get(shard) }).toEqual({
      ...{ seen: firstKeys(3), warnings: [], position },
    })
  })

  test('delivers every change in order, in batches, and within seconds', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    const batches: LambdaRecord[][] = []
    for (let n = 0; n < 150; n++) await put(db, table, String(n))
    followTable(db, table, async (records) => {
      batches.push(records)
      return []
    })
    const seen = () => batches.flat().map(getKey)
    await expect.poll(seen, { timeout: 10_000 }).toEqual(firstKeys(150))
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(100)
    await put(db, table, '150')
    await expect.poll(seen, { timeout: 3000, interval: 10 }).toEqual(firstKeys(151))
  })

  test('delivers a failed record and all later ones again until they succeed', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    for (let n = 0; n < 5; n++) await put(db, table, String(n))
    const deliveries: string[][] = []
    const { warnings } = followTable(db, table, async (records) => {
      deliveries.push(records.map(getKey))
      if (deliveries.length === 1)
        return [records[3], records[2]].map((record) => record?.dynamodb.SequenceNumber ?? '')
      if (deliveries.length === 2) throw new Error('The function failed')
      // An empty sequence number means that the whole batch failed.
      return deliveries.length === 3 ? [''] : []
    })
    await expect.poll(() => deliveries.length, { timeout: 10_000 }).toBe(4)
    await put(db, table, '5')
    await expect.poll(() => deliveries.length, { timeout: 10_000 }).toBe(5)
    const rest = firstKeys(5).slice(2)
    expect(deliveries).toEqual([firstKeys(5), rest, rest, rest, ['PRODUCT#5']])
    expect(warnings).toEqual([
      'The function could not process 3 of 5 stream records. They are delivered again',
    ])
  })

  test('starts after the saved position, or at the beginning of the stream without one', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    const positions = new Map<string, Position>()
    const run = async (count: number) => {
      const seen: string[] = []
      const { stop } = followTable(db, table, collectInto(seen), { positions })
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(count)
      await stop()
      return seen
    }
    await put(db, table, '0')
    await put(db, table, '1')
    expect(await run(2)).toEqual(firstKeys(2))
    await put(db, table, '2')
    expect(await run(1)).toEqual(['PRODUCT#2'])
    positions.clear()
    expect(await run(3)).toEqual(firstKeys(3))
  })

  test('follows a table that is deleted and created again', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    const seen: string[] = []
    followTable(db, table, collectInto(seen))
    await put(db, table, 'old')
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['PRODUCT#old'])
    await db.send(new DeleteTableCommand({ TableName: table }))
    await createTables(db, table.replace('aisle-', ''))
    await put(db, table, 'new')
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['PRODUCT#old', 'PRODUCT#new'])
  })

  test('delivers only the records that pass the filter in serverless.yml', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    await put(db, table, 'a', {}, 'COUNTED')
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'WRITE#1', sk: 'WRITE' } }))
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'DEADLETTER', sk: '1' } }))
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'CATEGORIES', sk: 'x', products: 1 } }))
    await db.send(new PutCommand({ TableName: table, Item: { pk: 'SECRET', sk: 'CURSOR' } }))
    await put(db, table, 'b', {}, 'REVIEW#1')
    await put(db, table, 'c')
    expect((await readRecords(db, table, 2)).map(getKey)).toEqual(['PRODUCT#b', 'PRODUCT#c'])
    expect(() => matchesPattern({ a: 'x' }, JSON.parse('{ "a": [{ "suffix": "x" }] }'))).toThrow(
      'not supported here',
    )
  })

  test('delivers images from which the function reads the same items', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    const item = {
      ...{ list: [], map: {}, text: '', no: false, nothing: null, bytes: new Uint8Array([1, 255]) },
      ...{ deep: [{ map: {}, bytes: new Uint8Array([7]) }], number: 0.5, names: new Set(['a']) },
    }
    await put(db, table, 'a', item)
    const [record] = JSON.parse(JSON.stringify(await readRecords(db, table, 1)))
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
    const changes = changesIn((toStreamEvent([record]) as { Records: unknown }).Records, (_, error) =>
      malformed.push(error),
    )
    expect(malformed).toEqual([])
    expect(changes[0]?.after).toMatchObject(plain)
  })

  test('delivers products of the largest size', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    const text = '"'.repeat(300_000)
    for (let n = 0; n < 12; n++) await put(db, table, String(n), { text })
    for (let n = 0; n < 12; n++) await put(db, table, String(n), { text, again: true })
    const sizes: number[] = []
    const seen: string[] = []
    followTable(db, table, async (records) => {
      sizes.push(JSON.stringify({ Records: records }).length)
      seen.push(...records.map(getKey))
      return []
    })
    await expect.poll(() => seen.length, { timeout: 15_000 }).toBe(24)
    // Lambda and serverless-offline accept 6 MB.
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024)
  })

  test('stops at once, even during an invocation', async () => {
    const { db, table } = await freshTables({ hasStream: true })
    await put(db, table, 'a')
    let isInvoked = false
    const { stop } = followTable(db, table, (_, signal) => {
      isInvoked = true
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await expect.poll(() => isInvoked, { timeout: 10_000 }).toBe(true)
    const begun = performance.now()
    await stop()
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})
