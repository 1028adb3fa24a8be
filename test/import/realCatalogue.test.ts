import { createReadStream, existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { importCatalogue } from '../../lib/import/importCatalogue.ts'
import { freshTables } from '../support/dynamodb.ts'
import { allItems, startImport } from '../support/importing.ts'

/** A real catalogue, which is stored next to the project and is not part of it. */
const file = new URL('../../../shared/data/products.json', import.meta.url)

// If its directory exists, the file must exist, too.
test.runIf(existsSync(new URL('../', file)))(
  '194 real products with their 582 reviews are imported, and a second import changes nothing',
  async () => {
    const { db, endpoint, table } = await freshTables()
    const env = { DYNAMODB_ENDPOINT: endpoint, TABLE_NAME: table }
    const first = await startImport([file.pathname], { env }).done
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringContaining('194 created, 0 updated, 0 unchanged, 582 reviews added'),
    })
    const again = await importCatalogue({ source: createReadStream(file), target: { db, table } })
    expect(again).toMatchObject({
      created: 0,
      updated: 0,
      unchanged: 194,
      reviewsAdded: 0,
      refused: 0,
      unwritten: 0,
    })

    expect(await readProduct({ db, table }, '1')).toMatchObject({
      title: 'Essence Mascara Lash Princess',
      price: { amount: 999, currency: 'USD' },
      variants: [{ sku: 'BEA-ESS-ESS-001', stock: 99 }],
      stock: 99,
      rating: { average: 4, count: 3 },
      attributes: { width: 15.14, warranty: '1 week warranty' },
      createdAt: '2025-04-30T09:41:02.053Z',
    })
    const items = [...(await allItems(db, table)).values()]
    expect(items.filter(({ sk }) => String(sk).startsWith('REVIEW#')).length).toBe(582)
    expect(new Set(items.flatMap(({ category }) => category ?? [])).size).toBe(24)
    expect(JSON.stringify(items)).not.toContain('@')
  },
)
