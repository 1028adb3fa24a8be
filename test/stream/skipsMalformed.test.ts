import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { freshChanges } from '../support/changes.ts'
import { aProduct } from '../support/http.ts'

const { db, table, put, withRedis, fill, entries, news, settle, deliver, take, edit, lastBatch } =
  await freshChanges()
const gone = [undefined, undefined, undefined]

test('a malformed record is kept, counted and skipped, and blocks nothing', async () => {
  await withRedis()
  for (const id of ['a', 'b', 'c']) await put(id, { body: { ...aProduct, category: `only/${id}` } })
  await settle(3)
  await edit('a', { title: 'Edited' })
  await edit('b', { title: 'Edited' })
  const [good, bad] = await news(2)
  for (const id of ['a', 'b', 'c']) await fill(id)
  /** Its keys can be read, so its product's entries go all the same. */
  const unreadable = {
    ...bad,
    dynamodb: { ...bad?.dynamodb, NewImage: { title: { Q: 'x' } } },
  }
  const malformed = [null, { dynamodb: { SequenceNumber: 'x' } }, { dynamodb: 'x' }, unreadable]
  await take([...malformed, good, ...malformed])
  expect([await entries('a'), await entries('b')]).toEqual([gone, gone])
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
  const kept = Items.find(({ sk }) => sk === bad?.dynamodb.SequenceNumber)
  expect(JSON.parse(kept?.record)).toEqual(unreadable)
  expect(kept?.error).toMatch(/unsupported/i)
  // The stream does not deliver what stands there.
  await edit('c', { title: 'Last' })
  expect(await news(1)).toHaveLength(1)
})

test('what cannot be kept now comes again', async () => {
  await withRedis()
  const nameless = { dynamodb: { SequenceNumber: '7' } }
  const late = await deliver([nameless], { getRemainingTimeInMillis: () => 0 })
  expect(late).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] })
  await take([nameless])
})
