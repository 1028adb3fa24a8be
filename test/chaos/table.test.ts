import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { costOf, read } from './examples.ts'
import { faults } from './faults.ts'
import { heads, toDocument, toTable } from './table.ts'

test('the table has one line for each fault, and all lines are equally long', () => {
  const lines = toTable(new Map(faults.map((fault) => [fault, costOf([read(1_100)])]))).split('\n')
  expect(lines).toHaveLength(2 + faults.length)
  expect(new Set(lines.map((line) => line.length)).size).toBe(1)
})

test('docs/chaos.md has the text, the columns and the faults of this version', () => {
  const document = readFileSync(new URL('../../docs/chaos.md', import.meta.url), 'utf8')
  const lines = document.split('\n').filter((line) => line.startsWith('|'))
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()))
  expect(document).toBe(toDocument(lines.join('\n')))
  expect(cells[0]?.slice(1, -1)).toEqual(heads)
  expect(cells.slice(2).map(([, name]) => name)).toEqual(faults.map(({ name }) => name))
})
