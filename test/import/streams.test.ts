import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { importCatalogue } from '../../lib/import/run.ts'
import { freshTables } from '../support/dynamodb.ts'
import { mug, startImport, wrapped } from '../support/importing.ts'

const description = 'Keeps its colour in the dishwasher. '.repeat(30)

function* batches(count: number) {
  for (let from = 0; from < count; from += 100)
    yield Array.from(
      { length: 100 },
      (_, n) => `${JSON.stringify(mug(`m${from + n}`, { description }))}\n`,
    ).join('')
}

/** Peak memory of the real command over so many rows, in MB. */
async function peak(count: number): Promise<number> {
  const { child, done } = startImport(['--dry-run', '-'])
  let most = 0
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
    } catch {
      // It has just ended.
    }
  }, 20)
  await pipeline(Readable.from(batches(count)), createGzip({ level: 1 }), child.stdin)
  const { out } = await done
  clearInterval(watch)
  expect(out).toContain(`${count} can be imported`)
  return most
}

test.runIf(process.platform === 'linux')(
  'memory does not grow with the file',
  { timeout: 60_000 },
  async () => {
    // 14 MB and 140 MB of rows.
    const [small, large] = [await peak(10_000), await peak(100_000)]
    expect(large).toBeLessThan(small + 60)
    expect(large).toBeLessThan(200)
  },
)

test('nothing is read long before it can be written', async () => {
  const { db, table } = await freshTables()
  let given = 0
  const source = Readable.from(
    (function* () {
      for (const batch of batches(100_000)) {
        given += 100
        yield Buffer.from(batch)
      }
    })(),
    { objectMode: false },
  )
  const waiting: (() => void)[] = []
  const blocked = wrapped(db, async (_, send) => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    return send()
  })
  const controller = new AbortController()
  const run = importCatalogue({
    source,
    target: { db: blocked, table },
    concurrency: 4,
    signal: controller.signal,
  })
  await expect.poll(() => waiting.length).toBe(4)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(waiting.length).toBe(4)
  expect(given).toBeLessThan(2000)
  controller.abort()
  for (const go of waiting) go()
  expect(await run).toMatchObject({ interrupted: true, created: 4 })
})
