import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshTables } from '../support/dynamodb.ts'
import { allItems, importText, mug, ndjson, review, startImport, timeless } from '../support/importing.ts'

const rows = Array.from({ length: 200 }, (_, n) =>
  mug(`m${n}`, n % 2 ? {} : { reviews: Array.from({ length: n % 60 ? 2 : 120 }, (_, r) => review(r)) }),
)

/** Waits until the table holds some items, but not for ever. */
async function someItems(at: Awaited<ReturnType<typeof freshTables>>, count: number): Promise<void> {
  const deadline = Date.now() + 20_000
  while ((await allItems(at.db, at.table)).size < count) {
    if (Date.now() > deadline) throw new Error(`There were never ${count} items`)
    await sleep(10)
  }
}

test('killed midway and run again, it ends in the same state as undisturbed', async () => {
  const [whole, broken] = [await freshTables(), await freshTables()]
  await importText(ndjson(rows), { target: whole })
  const wanted = timeless(await allItems(whole.db, whole.table))

  const env = { DYNAMODB_ENDPOINT: broken.endpoint, TABLE_NAME: broken.table }
  for (const count of [50, 200]) {
    const run = startImport(['-'], { input: ndjson(rows), env })
    await someItems(broken, count)
    run.child.kill('SIGKILL')
    await run.done
    expect((await allItems(broken.db, broken.table)).size).toBeLessThan(wanted.length)
  }
  const last = await startImport(['-'], { input: ndjson(rows), env }).done
  expect(last.code).toBe(0)
  expect(timeless(await allItems(broken.db, broken.table))).toEqual(wanted)
}, 150_000)

test('Ctrl-C finishes what was begun, says how to go on and exits 130, also on a pipe that stays open', async () => {
  const at = await freshTables()
  const run = startImport([], { env: { DYNAMODB_ENDPOINT: at.endpoint, TABLE_NAME: at.table } })
  run.child.stdin.write(ndjson(rows.slice(0, 20)))
  await someItems(at, 20)
  run.child.kill('SIGINT')
  const { code, out } = await run.done
  expect(code).toBe(130)
  expect(out).toMatch(/Interrupted: what was begun is finished\nRunning it again continues/)
  const said = Number(/(\d+) created/.exec(out)?.[1])
  expect([...(await allItems(at.db, at.table)).values()].filter(({ sk }) => sk === 'PRODUCT').length).toBe(
    said,
  )
})
