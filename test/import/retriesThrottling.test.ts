import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { createTables } from '../../lib/local/servers/tables.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { allItems, importText, mug, ndjson, review, timeless, wrapped } from '../support/importing.ts'

const rows = Array.from({ length: 60 }, (_, n) =>
  mug(`m${n}`, n % 3 ? {} : { reviews: Array.from({ length: n ? 3 : 130 }, (_, r) => review(r)) }),
)
const edition = (n: number) =>
  rows.map((row) => ({ ...row, title: `Edition ${n}`, reviews: [review(n + 200)] }))

const throttled = () => new ProvisionedThroughputExceededException({ $metadata: {}, message: 'Slow down' })
const canceled = (Code: string) =>
  new TransactionCanceledException({ $metadata: {}, message: Code, CancellationReasons: [{ Code }] })
const reset = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

/** Fails three requests of ten: before they are sent, or after they were done, so that only the answer is lost. */
function unreliable(db: Parameters<typeof wrapped>[0]) {
  const counts = { before: 0, after: 0 }
  let n = 0
  const chaos = wrapped(db, async (command, send) => {
    const turn = n++ % 10
    if (turn === 3 || turn === 6) {
      counts.before++
      const inTransaction = command.constructor.name === 'TransactWriteCommand'
      throw inTransaction ? canceled(turn === 3 ? 'ThrottlingError' : 'TransactionConflict') : throttled()
    }
    const answer = await send()
    if (turn !== 8) return answer
    counts.after++
    throw reset()
  })
  return { chaos, counts }
}

test('throttled requests and lost answers cost time, but no row, no review and no count', async () => {
  const [calm, stormy] = [await freshTables(), await freshTables()]
  const { chaos, counts } = unreliable(stormy.db)
  for (const file of [ndjson(rows), ndjson(edition(1)), ndjson(edition(1))]) {
    const expected = await importText(file, { target: calm })
    const { report, rejects } = await importText(file, { target: { db: chaos, table: stormy.table } })
    expect(rejects).toEqual([])
    const { created, updated, unchanged, reviewsAdded } = expected.report
    expect(report).toMatchObject({ created, updated, unchanged, reviewsAdded })
  }
  expect(counts.before).toBeGreaterThan(30)
  expect(counts.after).toBeGreaterThan(10)
  expect(timeless(await allItems(stormy.db, stormy.table))).toEqual(
    timeless(await allItems(calm.db, calm.table)),
  )
})

test('a product that others write by transactions meanwhile is imported, its reviews counted once', async () => {
  const { db, table, endpoint } = await freshTables()
  const proxy = await startDynamodbProxy(endpoint)
  onTestFinished(() => proxy.close())
  const target = { db: connectDynamoDB(proxy.url), table }
  const busy = { error: 'TransactionConflictException' }
  const met = { error: 'TransactionCanceledException', reasons: ['TransactionConflict', 'None'] }
  const running = { error: 'TransactionInProgressException' }
  const away = { status: 503, body: '<html>Service Unavailable</html>' }
  const plans = [
    ...[busy, away].map((trouble) => proxy.trouble('PutItem', trouble, { times: 3 })),
    ...[met, 'lost' as const, running, away].map((trouble) => proxy.trouble('TransactWriteItems', trouble)),
  ]
  const reviews = Array.from({ length: 130 }, (_, n) => review(n))
  for (const title of ['First', 'Second']) {
    const file = ndjson([mug('plain', { title }), mug('reviewed', { title, reviews })])
    const { report, rejects } = await importText(file, { target })
    expect(rejects).toEqual([])
    expect(report).toMatchObject(
      title === 'First' ? { created: 2, reviewsAdded: 130 } : { updated: 2, reviewsAdded: 0 },
    )
  }
  expect(plans.map((plan) => plan.left())).toEqual(plans.map(() => 0))
  expect(await readProduct({ db, table }, 'reviewed')).toMatchObject({
    title: 'Second',
    rating: { count: 130 },
  })
})

test('what cannot be written in its time is listed, and the rest goes on', async () => {
  const { db, table } = await freshTables()
  const chaos = wrapped(db, async ({ input }, send) => {
    if ('Item' in input && (input.Item as { id: string }).id === 'm1') throw throttled()
    return send()
  })
  const { report, rejects } = await importText(ndjson(rows.slice(0, 5)), {
    target: { db: chaos, table },
    patienceMs: 300,
  })
  expect(report).toMatchObject({ created: 4, unwritten: 1 })
  expect(rejects).toMatchObject([
    { line: 2, id: 'm1', reason: 'ProvisionedThroughputExceededException: Slow down', row: rows[1] },
  ])
})

test('a product that the database refuses for good is listed without a second try', async () => {
  const { db, table } = await freshTables()
  let tries = 0
  const refusing = wrapped(db, () => {
    tries++
    throw Object.assign(new Error('One or more parameter values were invalid'), {
      name: 'ValidationException',
      $fault: 'client',
    })
  })
  const { rejects } = await importText(ndjson([mug('odd')]), { target: { db: refusing, table } })
  expect(rejects).toMatchObject([
    { line: 1, id: 'odd', reason: expect.stringContaining('ValidationException') },
  ])
  expect(tries).toBe(1)
})

test('a database that goes away ends the import early, in words, with every row accounted for', async () => {
  const server = await startDynamoDB()
  const db = connectLocal(server.url)
  const [table] = await createTables(db, 'away')
  if (!table) throw new Error('No table')
  const source = ndjson(Array.from({ length: 3000 }, (_, n) => mug(`m${n}`)))
  let stopping: Promise<void> | undefined
  const { report, rejects } = await importText(source, {
    target: { db, table: table.name },
    patienceMs: 1500,
    onProgress: ({ created }) => {
      if (created >= 40) stopping ??= server.stop('SIGKILL')
    },
  })
  await stopping
  expect(report.error).toMatch(/^The database does not answer/)
  expect(report.rows).toBeLessThan(3000)
  expect(report.created + report.unwritten).toBe(report.rows)
  expect(rejects.length).toBe(report.unwritten)
})

test('a table that is not there ends the import at once', async () => {
  const { db } = await freshTables()
  const { report } = await importText(ndjson(rows), { target: { db, table: 'no-such-table' } })
  expect(report.error).toMatch(/^The table no-such-table cannot be written \(ResourceNotFoundException/)
  expect(report.rows).toBeLessThan(rows.length)
})

test('every product that was written, or may have been, is removed from the cache', async () => {
  const { db, table } = await freshTables()
  const target = { db, table }
  await importText(ndjson([mug('same'), mug('changed')]), { target })
  const removed = new Map<string, number | undefined>()
  const chaos = wrapped(db, async ({ input }, send) => {
    if (!('Item' in input && (input.Item as { id: string }).id === 'lost')) return send()
    await send().catch(() => {})
    throw reset()
  })
  const file = ndjson([mug('same'), mug('changed', { title: 'New' }), mug('new'), mug('lost')])
  const { report } = await importText(file, {
    target: { db: chaos, table },
    patienceMs: 100,
    invalidate: async (id, version) => {
      removed.set(id, version)
      return id === 'new' ? 'deferred' : 'done'
    },
  })
  expect(report).toMatchObject({ created: 1, updated: 1, unchanged: 1, unwritten: 1, deferred: 1 })
  const version = async (id: string) => (await readProduct({ db, table }, id))?.version
  expect(removed).toEqual(
    new Map([
      ['changed', await version('changed')],
      ['new', await version('new')],
      ['lost', undefined],
    ]),
  )
})
