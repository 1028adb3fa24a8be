import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { importCatalogue } from '../../lib/import/importCatalogue.ts'
import { freshTables } from '../support/dynamodb.ts'
import { interceptSend, mug, startImport } from '../support/importing.ts'

const description = 'Keeps its colour in the dishwasher. '.repeat(30)

function* batches(count: number) {
  for (let from = 0; from < count; from += 100)
    yield Array.from(
      { length: 100 },
      (_, n) => `${JSON.stringify(mug(`m${from + n}`, { description }))}\n`,
    ).join('')
}

/** Measures the peak memory of the real command for so many rows, in MB. */
async function measurePeak(count: number): Promise<number> {
  const { child, done } = startImport(['--dry-run', '-'])
  let peak = 0
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
    } catch {
      // The process has just ended.
    }
  }, 20)
  await pipeline(Readable.from(batches(count)), createGzip({ level: 1 }), child.stdin)
  const { out } = await done
  clearInterval(watch)
  expect(out).toContain(`${count} can be imported`)
  return peak
}

test.runIf(process.platform === 'linux')(
  'memory does not grow with the size of the file',
  { timeout: 60_000 },
  async () => {
    // The rows are 14 MB and 140 MB.
    const [small, large] = [await measurePeak(10_000), await measurePeak(100_000)]
    expect(large).toBeLessThan(small + 60)
    expect(large).toBeLessThan(200)
  },
)

test('the import does not read rows long before it can write them', async () => {
  const { db, table } = await freshTables()
  let rowsRead = 0
  const source = Readable.from(
    (function* () {
      for (const batch of batches(100_000)) {
        rowsRead += 100
        yield Buffer.from(batch)
      }
    })(),
    { objectMode: false },
  )
  const waiting: (() => void)[] = []
  const blocked = interceptSend(db, async (_, send) => {
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
  expect(rowsRead).toBeLessThan(2000)
  controller.abort()
  for (const release of waiting) release()
  expect(await run).toMatchObject({ interrupted: true, created: 4 })
})
