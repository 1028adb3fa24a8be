import { expect, onTestFinished, test } from 'vitest'
import { openCatalogUpkeep } from '../../lib/catalog/upkeep.ts'
import { findNotStored } from '../../lib/operations/findNotStored.ts'
import { runOperation } from '../../lib/operations/runOperation.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { freshRedis } from '../support/redis.ts'

const { table, endpoint } = await freshTables()
const ids = Array.from({ length: 100 }, (_, n) => `p${n}`)

/** Opens the catalogue, and records when it sends each request to the database. */
async function open(dynamodbEndpoint = endpoint) {
  const catalog = openCatalogUpkeep({ table, redisUrl: (await freshRedis()).url, dynamodbEndpoint })
  onTestFinished(catalog.close)
  const reads: number[] = []
  catalog.db.middlewareStack.add(
    (next) => (args) => {
      reads.push(performance.now())
      return next(args)
    },
    { step: 'initialize', name: 'record reads' },
  )
  return { catalog, reads }
}

test('the check of named products and their inspection send at most 200 reads a second', async () => {
  const { catalog, reads } = await open()
  expect(await findNotStored(catalog, ids)).toEqual({ missing: expect.arrayContaining(ids) })
  await runOperation(catalog, { action: 'inspect', ids }, performance.now() + 10_000)
  expect(reads.length).toBe(200)
  for (const from of [0, 100]) {
    const [first = 0, ...others] = reads.slice(from, from + 100)
    expect((others.at(-1) ?? 0) - first).toBeGreaterThan(450)
  }
})

test('the check stops at its deadline, also while the database is silent, and names the products that are left', async () => {
  const { catalog, reads } = await open()
  const found = await findNotStored(catalog, ids, { deadline: performance.now() + 100 })
  const { missing = [], unchecked } = found
  expect(missing.length).toBeGreaterThan(0)
  expect(missing.length).toBeLessThanOrEqual(21)
  expect(unchecked).toEqual({
    ids: ids.filter((id) => !missing.includes(id)),
    reason: 'The time has run out',
  })
  expect(reads.length).toBeLessThanOrEqual(missing.length + 8)

  const proxy = await startDynamodbProxy(endpoint)
  onTestFinished(proxy.close)
  proxy.injectFault('GetItem', 'silent', { times: 100 })
  const silent = await open(proxy.url)
  const startedAt = performance.now()
  expect(await findNotStored(silent.catalog, ids, { deadline: startedAt + 300 })).toMatchObject({
    unchecked: { ids, reason: 'The time has run out' },
  })
  expect(performance.now() - startedAt).toBeLessThan(1_500)
})

test('an audit checks the named products before its comparisons use up the time', async () => {
  const { catalog } = await open()
  const order: string[] = []
  const stored = (...args: Parameters<typeof catalog.stored>) => {
    order.push('check')
    return catalog.stored(...args)
  }
  const kinds = catalog.kinds.map((kind) => ({
    ...kind,
    inspect: (id: string) => {
      order.push('compare')
      return kind.inspect(id)
    },
  }))
  const result = await runOperation(
    { ...catalog, stored, kinds },
    { action: 'audit', ids: ['p0', 'p1'] },
    performance.now() + 10_000,
  )
  expect(order.lastIndexOf('check')).toBeLessThan(order.indexOf('compare'))
  expect(result).toMatchObject({ missing: ['p0', 'p1'] })
})
