import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectLocal, localClientConfig } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import type { LambdaRecord } from '../../lib/local/stream/lambdaRecord.ts'
import type { Position } from '../../lib/local/stream/position.ts'
import { freshDirectory } from '../support/cli.ts'
import { freshTables } from '../support/dynamodb.ts'
import { followTable } from '../support/stream.ts'

const put = (db: DynamoDBDocumentClient, table: string, id: string) =>
  db.send(new PutCommand({ TableName: table, Item: { pk: `PRODUCT#${id}`, sk: 'PRODUCT' } }))
const getId = ({ dynamodb }: LambdaRecord) => (dynamodb.Keys as { pk: { S: string } }).pk.S.slice(8)
const collectInto = (seen: string[]) => async (records: LambdaRecord[]) => {
  seen.push(...records.map(getId))
  return []
}
const restarts =
  /^The stream of \S+ no longer holds the last record that was delivered\. Delivery starts again at the oldest record/

/** Delivers three records of a new table, and returns the position after them. */
async function deliverThree() {
  const { db, table } = await freshTables({ hasStream: true })
  const positions = new Map<string, Position>()
  for (const id of ['0', '1', '2']) await put(db, table, id)
  const seen: string[] = []
  const first = followTable(db, table, collectInto(seen), { positions })
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['0', '1', '2'])
  await first.stop()
  const [shard = '', position = { sequenceNumber: '', eventId: '' }] = [...positions][0] ?? []
  return { db, table, positions, shard, position }
}

describe('delivery of the local stream begins at the oldest record, and prints so, if the saved position', () => {
  test.each<[string, (position: Position) => Position]>([
    // The stream was emptied, and its numbers began again.
    [
      'is higher than all records',
      ({ eventId }) => ({ sequenceNumber: '9'.repeat(12).padStart(21, '0'), eventId }),
    ],
    ['is the number of another record', (position) => ({ ...position, eventId: 'of another record' })],
    ['is from before the shard', ({ eventId }) => ({ sequenceNumber: '0'.padStart(21, '0'), eventId })],
  ])('%s', async (_, change) => {
    const { db, table, positions, shard, position } = await deliverThree()
    positions.set(shard, change(position))
    const seen: string[] = []
    const { warnings } = followTable(db, table, collectInto(seen), { positions })
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(['0', '1', '2'])
    await put(db, table, '3')
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(['0', '1', '2', '3'])
    expect(warnings).toEqual([expect.stringMatching(restarts)])
  })
})

test('records that DynamoDB Local discards after a day do not stop the delivery, whether it runs or not', async () => {
  const directory = freshDirectory()
  let server = await startDynamoDB({ directory })
  onTestFinished(() => server.stop('SIGKILL'))
  const [db, streams] = [connectLocal(server.url), new DynamoDBStreamsClient(localClientConfig(server.url))]
  await createTables(db)
  const table = 'aisle-local'
  const positions = new Map<string, Position>()
  const seen: string[] = []
  const follow = () => followTable(db, table, collectInto(seen), { streams, positions })
  const edit = (sql: string) => {
    const file = readdirSync(directory).find((name) => name.endsWith('.db')) ?? ''
    const database = new DatabaseSync(join(directory, file), { timeout: 5000 })
    database.exec(sql)
    database.close()
  }
  const makeOld = `UPDATE us SET CreationDateTime = CreationDateTime - ${25 * 3_600_000}`

  let delivery = follow()
  await put(db, table, '0')
  await put(db, table, '1')
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['0', '1'])
  // Both are older than a day now, while the delivery runs.
  edit(makeOld)
  await expect.poll(() => delivery.warnings, { timeout: 5000 }).toEqual([expect.stringMatching(restarts)])
  await put(db, table, '2')
  await expect.poll(() => seen, { timeout: 5000 }).toEqual(['0', '1', '2'])
  // Removed, so the numbers begin again.
  edit('DELETE FROM us')
  await put(db, table, '3')
  await expect.poll(() => seen, { timeout: 5000 }).toEqual(['0', '1', '2', '3'])
  await delivery.stop()

  await put(db, table, '4')
  await server.stop()
  edit(makeOld)
  server = await startDynamoDB({ directory, port: server.port })
  delivery = follow()
  await expect.poll(() => delivery.warnings, { timeout: 5000 }).toEqual([expect.stringMatching(restarts)])
  await put(db, table, '5')
  await expect.poll(() => seen, { timeout: 5000 }).toEqual(['0', '1', '2', '3', '5'])
  await delivery.stop()

  // A saved position whose record is gone. The numbers begin again and pass it before the next start.
  await server.stop()
  edit('DELETE FROM us')
  server = await startDynamoDB({ directory, port: server.port })
  const ids = Array.from({ length: 9 }, (_, n) => String(10 + n))
  for (const id of ids) await put(db, table, id)
  delivery = follow()
  await expect.poll(() => seen.slice(5), { timeout: 5000 }).toEqual(ids)
}, 60_000)
