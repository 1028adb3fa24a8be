import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const {
  db,
  table,
  put,
  withRedis,
  fill,
  entries,
  nextRecords,
  deliverNext,
  deliver,
  deliverUntilDone,
  edit,
  lastBatch,
} = await freshChanges()
const noEntries = [undefined, undefined, undefined]

test('a malformed record is stored as a dead letter, counted and skipped, and blocks no other record', async () => {
  await withRedis()
  for (const id of ['a', 'b', 'c']) await put(id, { body: { ...aProduct, category: `only/${id}` } })
  await deliverNext(3)
  await edit('a', { title: 'Edited' })
  await edit('b', { title: 'Edited' })
  const [good, bad] = await nextRecords(2)
  for (const id of ['a', 'b', 'c']) await fill(id)
  /** The keys of this record can be read, so the entries of its product are removed. */
  const unreadable = {
    ...bad,
    dynamodb: { ...bad?.dynamodb, NewImage: { title: { Q: 'x' } } },
  }
  const malformed = [null, { dynamodb: { SequenceNumber: 'x' } }, { dynamodb: 'x' }, unreadable]
  await deliverUntilDone([...malformed, good, ...malformed])
  expect([await entries('a'), await entries('b')]).toEqual([noEntries, noEntries])
  expect(await entries('c')).not.toContain(undefined)
  expect(lastBatch()).toMatchObject({
    ...{ level: 'error', records: 9, malformedRecords: 8, removals: 2 },
    _aws: {
      CloudWatchMetrics: [{ Metrics: expect.arrayContaining([{ Name: 'malformedRecords', Unit: 'Count' }]) }],
    },
  })
  const { Items = [] } = await db.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'DEADLETTER' },
    }),
  )
  const inTwoWeeks = Date.now() / 1000 + 14 * 24 * 3600
  expect(Items).toHaveLength(4)
  for (const { expiresAt } of Items) expect(Math.abs(expiresAt - inTwoWeeks)).toBeLessThan(60)
  const letter = Items.find(({ sk }) => sk === bad?.dynamodb.SequenceNumber)
  expect(JSON.parse(letter?.record)).toEqual(unreadable)
  expect(letter?.error).toMatch(/unsupported/i)
  // The records of the dead letters themselves are filtered out.
  await edit('c', { title: 'Last' })
  expect(await nextRecords(1)).toHaveLength(1)
})

test('a malformed record that cannot be stored in time is delivered again', async () => {
  await withRedis()
  const withoutKeys = { dynamodb: { SequenceNumber: '7' } }
  const late = await deliver([withoutKeys], { getRemainingTimeInMillis: () => 0 })
  expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] })
  await deliverUntilDone([withoutKeys])
})
