import { expect, onTestFinished, test } from 'vitest'
import { openCatalogUpkeep } from '../../lib/catalog/upkeep.ts'
import { formatResult, isSuccess } from '../../lib/operations/formatResult.ts'
import { actions } from '../../lib/operations/operation.ts'
import { runOperation } from '../../lib/operations/runOperation.ts'
import { foreignRows, smallestRow } from '../support/foreignRows.ts'
import { freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { table, call, redisPort, lastLines } = await freshHandlers()
const rows = foreignRows(table)
await rows.put(smallestRow('good'))
await rows.put(smallestRow('bad', 'rows', 1), { tags: { SS: ['a'] } })

function openUpkeep() {
  const catalog = openCatalogUpkeep()
  onTestFinished(catalog.close)
  return catalog
}

test('a warm-up fills the others, and the entry of a product that cannot be read too', async () => {
  await freshRedis({ port: redisPort })
  const { handler } = await import('../../functions/warm.ts')
  const event = { ids: ['bad', 'good'], top: 0 }
  // The first commands may still wait for the connection.
  await expect.poll(() => handler(event), { timeout: 5000 }).toMatchObject({ failed: 0, left: 0 })
  expect(await handler(event)).toMatchObject({ filled: 0, fresh: 4 })
  expect(await call('getProduct', { path: { id: 'good' } })).toMatchObject({ statusCode: 200 })
})

test('an audit agrees with the entry of a product that cannot be read, and logs its id', async () => {
  await freshRedis({ port: redisPort })
  const catalog = openUpkeep()
  for (const kind of catalog.kinds) await kind.warm(['bad', 'good'])
  const { handler } = await import('../../functions/audit.ts')
  await expect
    .poll(() => handler(), { timeout: 5000 })
    .toMatchObject({ stale: 0, failed: 0, unreadableItems: 1, unreadable: ['bad'] })
  expect(JSON.parse(lastLines()[0] ?? '')).toMatchObject({
    ...{ level: 'warn', job: 'audit', unreadableItems: 1, unreadable: ['bad'] },
  })
  const result = await runOperation(
    catalog,
    { action: 'audit', ids: ['bad', 'good'] },
    performance.now() + 10_000,
  )
  expect(formatResult(result)).toContain('bad: the stored product cannot be read. Next: send a PUT')
})

test('every cache command says once that a named product cannot be read, and fails', async () => {
  await freshRedis({ port: redisPort })
  const catalog = openUpkeep()
  for (const action of actions) {
    const result = await runOperation(catalog, { action, ids: ['bad', 'good'] }, performance.now() + 10_000)
    const text = formatResult(result)
    expect(text.match(/^bad: the stored product cannot be read\. Next: send a PUT/gm), action).toHaveLength(1)
    expect(isSuccess(result), action).toBe(false)
    // Named products that cannot be read are not filled.
    if (result.action === 'warm') expect(result).toMatchObject({ filled: 2, failed: 0, unreadable: ['bad'] })
    if (result.action === 'audit') expect(result).toMatchObject({ unreadableItems: 1, unreadable: ['bad'] })
  }
})
