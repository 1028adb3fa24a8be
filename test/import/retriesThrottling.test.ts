import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import {
  allItems,
  importText,
  interceptSend,
  mug,
  ndjson,
  review,
  withoutTimes,
} from '../support/importing.ts'

const rows = Array.from({ length: 60 }, (_, n) =>
  mug(`m${n}`, n % 3 ? {} : { reviews: Array.from({ length: n ? 3 : 130 }, (_, r) => review(r)) }),
)
const edition = (n: number) =>
  rows.map((row) => ({ ...row, title: `Edition ${n}`, reviews: [review(n + 200)] }))

const throttled = () => new ProvisionedThroughputExceededException({ $metadata: {}, message: 'Slow down' })
const canceled = (Code: string) =>
  new TransactionCanceledException({ $metadata: {}, message: Code, CancellationReasons: [{ Code }] })
const reset = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

/**
 * Fails three requests of ten: two before they are sent, and one after it was executed, so that only its response is
 * lost.
 */
function unreliable(db: Parameters<typeof interceptSend>[0]) {
  const counts = { before: 0, after: 0 }
  let n = 0
  const chaos = interceptSend(db, async (command, send) => {
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

test('throttled requests and lost responses cost time, but no row, no review and no count', async () => {
  const [reliable, unreliableTables] = [await freshTables(), await freshTables()]
  const { chaos, counts } = unreliable(unreliableTables.db)
  for (const file of [ndjson(rows), ndjson(edition(1)), ndjson(edition(1))]) {
    const expected = await importText(file, { target: reliable })
    const { report, rejects } = await importText(file, {
      target: { db: chaos, table: unreliableTables.table },
    })
    expect(rejects).toEqual([])
    const { created, updated, unchanged, reviewsAdded } = expected.report
    expect(report).toMatchObject({ created, updated, unchanged, reviewsAdded })
  }
  expect(counts.before).toBeGreaterThan(30)
  expect(counts.after).toBeGreaterThan(10)
  expect(withoutTimes(await allItems(unreliableTables.db, unreliableTables.table))).toEqual(
    withoutTimes(await allItems(reliable.db, reliable.table)),
  )
})

test('a product that other transactions write meanwhile is imported, and its reviews are counted once', async () => {
  const { db, table, endpoint } = await freshTables()
  const proxy = await startDynamodbProxy(endpoint)
  onTestFinished(() => proxy.close())
  const target = { db: connectDynamoDB(proxy.url), table }
  const busy = { error: 'TransactionConflictException' }
  const conflict = { error: 'TransactionCanceledException', reasons: ['TransactionConflict', 'None'] }
  const running = { error: 'TransactionInProgressException' }
  const unavailable = { status: 503, body: '<html>Service Unavailable</html>' }
  const plans = [
    ...[busy, unavailable].map((fault) => proxy.injectFault('PutItem', fault, { times: 3 })),
    ...[conflict, 'lost' as const, running, unavailable].map((fault) =>
      proxy.injectFault('TransactWriteItems', fault),
    ),
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

test('a row that cannot be written in its time is reported, and the import continues', async () => {
  const { db, table } = await freshTables()
  const chaos = interceptSend(db, async ({ input }, send) => {
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

test('a product that the database refuses permanently is reported without a retry', async () => {
  const { db, table } = await freshTables()
  let attempts = 0
  const refusing = interceptSend(db, () => {
    attempts++
    throw Object.assign(new Error('One or more parameter values were invalid'), {
      name: 'ValidationException',
      $fault: 'client',
    })
  })
  const { rejects } = await importText(ndjson([mug('odd')]), { target: { db: refusing, table } })
  expect(rejects).toMatchObject([
    { line: 1, id: 'odd', reason: expect.stringContaining('ValidationException') },
  ])
  expect(attempts).toBe(1)
})

test('a database that goes down ends the import early, with the reason and with every row counted', async () => {
  const server = await startDynamoDB()
  const db = connectLocal(server.url)
  const [table] = await createTables(db, 'down')
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

test('a missing table ends the import at once', async () => {
  const { db } = await freshTables()
  const { report } = await importText(ndjson(rows), { target: { db, table: 'no-such-table' } })
  expect(report.error).toMatch(/^The table no-such-table cannot be written \(ResourceNotFoundException/)
  expect(report.rows).toBeLessThan(rows.length)
})

test('the import removes from the cache each product that was written or may have been written', async () => {
  const { db, table } = await freshTables()
  const target = { db, table }
  await importText(ndjson([mug('same'), mug('changed')]), { target })
  const removed = new Map<string, number | undefined>()
  const chaos = interceptSend(db, async ({ input }, send) => {
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
