import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshTables } from '../support/dynamodb.ts'
import { allItems, importText, mug, ndjson, review, startImport, withoutTimes } from '../support/importing.ts'

const rows = Array.from({ length: 200 }, (_, n) =>
  mug(`m${n}`, n % 2 ? {} : { reviews: Array.from({ length: n % 60 ? 2 : 120 }, (_, r) => review(r)) }),
)

/** Waits until the table holds so many items, for at most 20 s. */
async function waitForItems(tables: Awaited<ReturnType<typeof freshTables>>, count: number): Promise<void> {
  const deadline = Date.now() + 20_000
  while ((await allItems(tables.db, tables.table)).size < count) {
    if (Date.now() > deadline) throw new Error(`The table never held ${count} items`)
    await sleep(10)
  }
}

test('an import that is killed and run again ends in the same state as an undisturbed one', async () => {
  const [undisturbed, killed] = [await freshTables(), await freshTables()]
  await importText(ndjson(rows), { target: undisturbed })
  const expected = withoutTimes(await allItems(undisturbed.db, undisturbed.table))

  const env = { DYNAMODB_ENDPOINT: killed.endpoint, TABLE_NAME: killed.table }
  for (const count of [50, 200]) {
    const run = startImport(['-'], { input: ndjson(rows), env })
    await waitForItems(killed, count)
    run.child.kill('SIGKILL')
    await run.done
    expect((await allItems(killed.db, killed.table)).size).toBeLessThan(expected.length)
  }
  const last = await startImport(['-'], { input: ndjson(rows), env }).done
  expect(last.code).toBe(0)
  expect(withoutTimes(await allItems(killed.db, killed.table))).toEqual(expected)
}, 150_000)

test('Ctrl-C finishes the rows that are being written, says how to continue and exits 130, even on an open pipe', async () => {
  const tables = await freshTables()
  const run = startImport([], { env: { DYNAMODB_ENDPOINT: tables.endpoint, TABLE_NAME: tables.table } })
  run.child.stdin.write(ndjson(rows.slice(0, 20)))
  await waitForItems(tables, 20)
  run.child.kill('SIGINT')
  const { code, out } = await run.done
  expect(code).toBe(130)
  expect(out).toMatch(
    /Interrupted after finishing the rows that were being written\nTo continue, run the import again/,
  )
  const created = Number(/(\d+) created/.exec(out)?.[1])
  expect(
    [...(await allItems(tables.db, tables.table)).values()].filter(({ sk }) => sk === 'PRODUCT').length,
  ).toBe(created)
})
