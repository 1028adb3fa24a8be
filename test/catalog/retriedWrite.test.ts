import { describe, expect, test } from 'vitest'
import { createProduct } from '../../lib/catalog/product/createProduct.ts'
import { deleteProduct } from '../../lib/catalog/product/deleteProduct.ts'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { patchProduct } from '../../lib/catalog/product/patchProduct.ts'
import { patchVariant } from '../../lib/catalog/product/patchVariant.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'
import { loseResponses } from '../support/loseResponses.ts'

const { db, table } = await freshTables()
const { content } = parseProduct({ ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 1 }] })
const chaos = {
  PutItemCommand: loseResponses(db, 'PutItemCommand'),
  TransactWriteItemsCommand: loseResponses(db, 'TransactWriteItemsCommand'),
}

describe('a write whose response was lost is retried, and recognises its own success', () => {
  const writes: [string, (id: string, version: number) => Promise<{ version: number }>][] = [
    ['a creation by PUT', (id) => putProduct({ db, table }, `${id}-new`, content, { absent: true })],
    ['a creation by POST', (id) => createProduct({ db, table }, `${id}-new`, content)],
    ['a creation by an import', (id) => upsertProduct({ db, table }, { id: `${id}-new`, content })],
    [
      'a replacement',
      (id, version) => putProduct({ db, table }, id, { ...content, title: 'new' }, { match: [version] }),
    ],
    ['a patch', (id, version) => patchProduct({ db, table }, id, { title: 'new' }, { match: [version] })],
    [
      'taking the last of a stock',
      (id, version) =>
        patchVariant({ db, table }, id, 'S', { stock: { add: -1 } }, { precondition: { match: [version] } }),
    ],
    ['a deletion', (id, version) => deleteProduct({ db, table }, id, { match: [version] })],
  ]
  for (const [n, [what, write]] of writes.entries()) {
    test(what, async () => {
      const { version } = await putProduct({ db, table }, `p${n}`, content)
      const lost =
        what === 'taking the last of a stock' ? chaos.TransactWriteItemsCommand : chaos.PutItemCommand
      lost.losses = 1
      const written = await write(`p${n}`, version)
      expect(lost.losses).toBe(0)
      const id = what.startsWith('a creation') ? `p${n}-new` : `p${n}`
      const stored = await readProduct({ db, table }, id)
      if (what === 'a deletion') expect(stored).toBeUndefined()
      else expect(stored?.version).toBe(written.version)
    })
  }
})
