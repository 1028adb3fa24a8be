import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { freshTables } from '../support/dynamodb.ts'
import { allItems, importText, mug, ndjson, review, startImport } from '../support/importing.ts'

test('the import reports a bad row with its line and reason, and continues', async () => {
  const { db, table } = await freshTables()
  const text = [
    JSON.stringify(mug('a')),
    '{"id":"b", oops',
    JSON.stringify(mug('c', { price: { amount: -1, currency: 'EUR' }, colour: 'red' })),
    '',
    JSON.stringify(mug('d')),
    '17',
    JSON.stringify(mug('not/an/id')),
    JSON.stringify({ ...mug('e'), id: undefined }),
    JSON.stringify(mug('f', { reviews: [review(1), review(2, { rating: 6 })] })),
    JSON.stringify(mug('g', { reviews: [review(1, { parentId: 'missing', rating: undefined })] })),
    JSON.stringify(mug('h')),
  ].join('\n')
  const { report, rejects } = await importText(text, { target: { db, table } })
  expect(rejects.map(({ line, id, reason }) => ({ line, id, reason }))).toEqual([
    { line: 2, id: undefined, reason: expect.stringContaining('Not JSON') },
    { line: 3, id: 'c', reason: expect.stringMatching(/\/price\/amount: .*\/colour: Unknown field/) },
    { line: 6, id: undefined, reason: '/: A product must be a JSON object' },
    { line: 7, id: 'not/an/id', reason: expect.stringContaining('/id: An id is 1 to 128 letters') },
    { line: 8, id: undefined, reason: '/id: An imported product must have an id' },
    { line: 9, id: 'f', reason: expect.stringContaining('/reviews/1/rating') },
    { line: 10, id: 'g', reason: expect.stringContaining('/reviews/0/parentId: A reply comes after') },
  ])
  expect(report).toMatchObject({ rows: 10, created: 3, refused: 7, unwritten: 0 })
  expect([...(await allItems(db, table)).values()].map(({ id }) => id).sort()).toEqual(['a', 'd', 'h'])
})

test('a row that is too large or not UTF-8 is refused, and no other row', async () => {
  const large = JSON.stringify(mug('large', { description: 'x'.repeat(1_100_000) }))
  const bytes = Buffer.from(
    `${JSON.stringify(mug('a'))}\n${JSON.stringify(mug('b', { title: 'Größe' }))}\n`,
    'latin1',
  )
  const lines = Buffer.concat([bytes, Buffer.from(`${large}\n${JSON.stringify(mug('c'))}`)])
  const one = await importText(lines)
  expect(one.report).toMatchObject({ rows: 4, valid: 2, refused: 2 })
  expect(one.rejects.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'Not UTF-8: save the file as UTF-8'],
    [3, 'The row is larger than 1 MiB'],
  ])
  const elements = await importText(
    `[\n${JSON.stringify(mug('a'))},\n${JSON.stringify(mug('large', { tags: Array(400_000).fill('x') }))},\n${JSON.stringify(mug('c'))}]`,
  )
  expect(elements.report).toMatchObject({ rows: 3, valid: 2, refused: 1 })
  expect(elements.rejects[0]).toMatchObject({ line: 3, reason: 'The row is larger than 1 MiB' })
})

test('malformed JSON in an array ends the import, is reported with its line, and leaves earlier rows written', async () => {
  const { db, table } = await freshTables()
  const { report } = await importText(
    `[\n${JSON.stringify(mug('a'))},\n${JSON.stringify(mug('b'))},\n{"id" "c"}]`,
    {
      target: { db, table },
    },
  )
  expect(report).toMatchObject({ created: 2, error: expect.stringContaining('Malformed JSON on line 4') })
})

test('a product of a CSV is refused as a whole if one of its records is bad', async () => {
  const csv = [
    'Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price',
    'whole,Whole,Title,Default Title,W,9.00',
    'half,Half,Size,S,H-S,9.00',
    'half,,,M,H-M,"9.00"0',
    'half,,,L,H-L,9.00',
    'wide,Wide,Title,Default Title,X,9.00,extra,cells',
    'untitled,,Title,Default Title,U,9.00',
    'priceless,Priceless,Title,Default Title,P,',
    'late,Late,Title,Default Title,L,9.00',
  ].join('\n')
  for (const chunkSize of [1, 13, 65_536]) {
    const { report, rejects } = await importText(csv, { chunkSize })
    expect(report).toMatchObject({ valid: 2, refused: 5 })
    expect(rejects.map(({ line }) => line).sort()).toEqual([3, 4, 6, 7, 8])
    expect(rejects.map(({ reason }) => reason).join()).toContain('A quote on line 4 is misplaced')
  }
  const unclosed = await importText(
    `${csv}\nopen,"Open,Title,Default Title,O,9.00\nnext,Next,Title,Default Title,N,9.00`,
  )
  expect(unclosed.report.error).toContain('line 10 does not end')
})

test('the command exits 1 and lists the rejected rows, and --rejects saves them to correct and import', async () => {
  const { db, endpoint, table } = await freshTables()
  const directory = mkdtempSync(join(tmpdir(), 'import-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const rejects = join(directory, 'rejects.ndjson')
  const env = { DYNAMODB_ENDPOINT: endpoint, TABLE_NAME: table }
  const input = ndjson([mug('a'), mug('b', { title: '' }), mug('c')])
  const first = await startImport(['--rejects', rejects], { input, env }).done
  expect(first.code).toBe(1)
  expect(first.err).toContain('line 2, id "b": /title:')
  expect(first.out).toContain('2 created')
  expect(first.out).toContain('1 refused, 0 not written')
  expect(first.out).toContain(`correct the rows in ${rejects}`)

  const again = await startImport(['--rejects', rejects], { input, env }).done
  expect(again).toMatchObject({ code: 1, err: `${rejects} exists already: name a new file for --rejects\n` })

  writeFileSync(rejects, readFileSync(rejects, 'utf8').replace('"title":""', '"title":"Corrected"'))
  const corrected = await startImport([rejects], { env }).done
  expect(corrected).toMatchObject({ code: 0, out: expect.stringContaining('1 created') })
  expect(await readProduct({ db, table }, 'b')).toMatchObject({ title: 'Corrected' })
})

test('--strict stops at the first bad row, and --dry-run writes nothing', async () => {
  const { db, endpoint, table } = await freshTables()
  const env = { DYNAMODB_ENDPOINT: endpoint, TABLE_NAME: table }
  const input = ndjson([mug('a'), mug('b', { title: '' }), mug('c'), mug('d', { title: '' })])
  const dry = await startImport(['--dry-run', '-'], {
    input,
    env: { ...env, DYNAMODB_ENDPOINT: 'http://127.0.0.1:9' },
  }).done
  expect(dry).toMatchObject({
    code: 1,
    out: expect.stringContaining('2 can be imported; nothing was written'),
  })
  const strict = await startImport(['--strict'], { input, env }).done
  expect(strict).toMatchObject({
    code: 1,
    out: expect.stringContaining('Stopped early. Line 2 could not be imported'),
  })
  expect([...(await allItems(db, table)).values()].map(({ id }) => id)).toEqual(['a'])
})

test.each([
  [['nowhere.json'], 'There is no file nowhere.json'],
  [['test'], 'test is a directory'],
  [['--currency', 'EURO', 'package.json'], '"EURO" is not a currency'],
  [['--concurrency', '0', 'package.json'], '--concurrency 0 must be a whole number from 1 to 50'],
  [['--quick'], "Unknown option '--quick'"],
  [['a', 'b'], 'Name one file at a time'],
  [['package.json'], 'No database answers at http://127.0.0.1:9: run npm start'],
])('the command says in one line what is wrong with the arguments %j', async (args, message) => {
  const { code, err, out } = await startImport(args, { env: { DYNAMODB_ENDPOINT: 'http://127.0.0.1:9' } })
    .done
  expect(code).toBe(1)
  expect(err).toContain(message)
  expect(err.trim().split('\n').length).toBe(1)
  expect(out).toBe('')
})

test('control characters of a file never reach the terminal', async () => {
  const { rejects } = await importText(ndjson([mug('a', { '\u001b[2J\nfake': 1 })]))
  expect(rejects[0]?.reason).toBe('/\\u001b[2J\\u000afake: Unknown field')
})
