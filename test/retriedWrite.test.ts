import { expect, test } from 'vitest'
import { parseProduct } from '../lib/catalog/product.ts'
import { putProduct } from '../lib/catalog/putProduct.ts'
import { readProduct } from '../lib/catalog/readProduct.ts'
import { loseAnswers } from './support/chaos.ts'
import { freshTable } from './support/dynamodb.ts'
import { aProduct } from './support/http.ts'

const { db, table } = await freshTable()
const { content } = parseProduct(aProduct)

test('a write whose answer was lost is repeated, and knows its own success', async () => {
  const chaos = loseAnswers(db, 'PutItemCommand')
  chaos.losses = 1
  const created = await putProduct(db, table, '1', content, { absent: true })
  expect(chaos.losses).toBe(0)
  expect(created.created).toBe(true)

  chaos.losses = 1
  const replaced = await putProduct(
    db,
    table,
    '1',
    { ...content, title: 'new' },
    { match: [created.version] },
  )
  expect(chaos.losses).toBe(0)
  expect(await readProduct(db, table, '1')).toEqual(replaced.value)
})
