import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toPlainText } from '../../lib/import/plainText.ts'
import { importText, mug, ndjson } from '../support/importing.ts'

const csvHeader = 'Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Body (HTML)\n'
const seeds = ['', '[', '[{', '{', '\ufeff', csvHeader, `[${JSON.stringify(mug('a'))},`, ndjson([mug('a')])]

/** Imports any content, and checks that the report counts every row. */
async function expectReport(content: Buffer, chunkSize: number): Promise<void> {
  const { report, rejects } = await importText(content, { chunkSize })
  expect(report.valid + report.refused + report.skipped).toBe(report.rows)
  expect(rejects.length).toBe(report.refused)
  expect(rejects.every(({ line, reason }) => line >= 1 && reason !== '')).toBe(true)
}

test('any bytes result in a report', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.stringMatching(/^["',\n\r[\]{}:a1\\<>&#;]{0,200}$/),
      ),
      fc.integer({ min: 1, max: 64 }),
      fc.boolean(),
      async (seed, rest, chunkSize, packed) => {
        const content = Buffer.concat([Buffer.from(seed), Buffer.from(rest as string)])
        await expectReport(packed ? gzipSync(content) : content, chunkSize)
      },
    ),
    { numRuns: 400 },
  )
})

test('any JSON value as a row is imported or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (values) => {
      const array = await importText(JSON.stringify(values))
      const lines = await importText(
        ndjson(values.map((value) => ({ id: 'a', row: value, reason: 'x', price: 1 }))),
      )
      expect(array.report.rows).toBe(array.report.error ? 0 : values.length)
      expect(lines.report.refused).toBe(values.length)
    }),
  )
})

test('the chunk size does not change what is imported', async () => {
  const text = `${csvHeader}a,"A\n""quoted""",Size,S,A-S,1.00,<p>x</p>\r\na,,,M,A-M,2,\n\nb,B,"x"y,,,,\nc,C,,,C,3.5,\n`
  const whole = await importText(text)
  expect(whole.report).toMatchObject({ valid: 1, refused: 2 })
  for (let chunkSize = 1; chunkSize < 60; chunkSize++)
    expect((await importText(text, { chunkSize })).rejects).toEqual(whole.rejects)
})

test('HTML becomes text in time proportional to its size', () => {
  for (const part of ['<', '<script>', '<!--', '&', '<p', '<p>', '--', '&#38;']) {
    const startedAt = performance.now()
    toPlainText(part.repeat(200_000))
    expect(performance.now() - startedAt).toBeLessThan(2000)
  }
  fc.assert(fc.property(fc.string(), (text) => !/<(script|style)\b[^<>]*>/i.test(toPlainText(text))))
})

test('a deeply nested row is refused', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  const array = await importText(`[${deep},${JSON.stringify(mug('a'))}]`)
  expect(array.report).toMatchObject({ rows: 2, valid: 1, refused: 1 })
  const lines = await importText(`${ndjson([mug('a')])}${deep}\n${ndjson([mug('b')])}`)
  expect(lines.report).toMatchObject({ rows: 3, valid: 2, refused: 1 })
})
