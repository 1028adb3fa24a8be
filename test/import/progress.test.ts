import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { showProgress } from '../../lib/import/progress.ts'
import type { Report } from '../../lib/import/report.ts'
import { freshTables } from '../support/dynamodb.ts'
import { importText, interceptSend, mug, ndjson } from '../support/importing.ts'

const rows = Array.from({ length: 200 }, (_, n) => mug(`m${n}`))
const json = Buffer.from(JSON.stringify(rows))

/** Imports a file into a table that accepts only the first `free` requests before `release` is called. */
async function importBlocked(content: Buffer, onProgress: (report: Report) => void, free = 0) {
  const { db, table } = await freshTables()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let requests = 0
  const blocked = interceptSend(db, async (_, send) => {
    if (++requests > free) await released
    return send()
  })
  const done = importText(content, { target: { db: blocked, table }, concurrency: 4, onProgress })
  await expect.poll(() => requests).toBe(free + 4)
  return { release, done }
}

test.each([
  ['a JSON array', json],
  ['a gzipped file', gzipSync(json)],
  ['NDJSON with a bad row and an empty line at its end', Buffer.from(`${ndjson(rows)}{"id":1}\n\n`)],
])('the progress of %s counts what is written, not what is read', async (_, content) => {
  let last: Report | undefined
  const shares: number[] = []
  const { release, done } = await importBlocked(content, (report) => {
    last = { ...report }
    shares.push(report.bytes / content.length)
  })
  // The whole file fits into one chunk, so it has been read. No row is written yet.
  expect(last ?? { finished: 0, bytes: 0 }).toMatchObject({ finished: 0, bytes: 0 })
  release()
  const { report } = await done
  expect(report).toMatchObject({ created: 200, finished: report.rows, bytes: content.length })
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  const half = shares.filter((share) => share > 0.4 && share < 0.6)
  expect(half.length).toBeGreaterThan(20)
})

test('the bar on a terminal stands still while nothing is written, and shows the rows that are written', async () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 24 })
  let shown = ''
  terminal.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const progress = showProgress(terminal, json.length)
  try {
    // A new product without reviews takes one request.
    const { release, done } = await importBlocked(json, progress.update, 8)
    await expect.poll(() => shown).toMatch(/ 4% \| 8 rows/)
    release()
    await done
  } finally {
    progress.stop()
  }
  expect(shown).toMatch(/ 100% \| 200 rows, 0 rejected/)
})
