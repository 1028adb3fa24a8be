import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { expect } from 'vitest'
import { productKey } from '../../../lib/catalog/table/keys.ts'
import { startControlOnly } from '../../support/controlOnly.ts'
import { fileCleanup } from '../../support/fileCleanup.ts'
import { parseElements } from '../../support/parseHtml.ts'
import { startShop } from '../../support/shop.ts'
import { timed } from '../../support/timed.ts'

const afterFile = fileCleanup()
const { control } = await startControlOnly()
const shop = await startShop()
afterFile(() => shop.stop())

const readApiPrice = async () =>
  ((await (await fetch(`${shop.url}/products/edited`)).json()) as { price: { amount: number } }).price.amount
/** Reads the price that the HTML page shows, in cents. */
const readPagePrice = async () => {
  const elements = parseElements(await (await fetch(`${shop.url}/p/edited`)).text())
  const price = elements.find(({ attributes }) => attributes.get('class') === 'price')
  return Math.round(Number(price?.text.replaceAll(/[^\d.]/g, '')) * 100)
}

const testbed = {
  control,
  async reset() {
    await shop.put('edited', { title: 'Edited', category: 'desk', price: { amount: 1000, currency: 'EUR' } })
    for (const read of [readApiPrice, readPagePrice]) await expect.poll(read).toBe(1000)
  },
}

const readers = { API: readApiPrice, storefront: readPagePrice }
for (const [where, read] of Object.entries(readers)) {
  timed(`a price that is edited in the database shows within a second in the ${where}`, testbed, async () => {
    const { db, table } = shop.services
    for (let amount = 2000; amount <= 12_000; amount += 1000) {
      // Fills the entry that the edit makes stale.
      await read()
      await db.send(
        new UpdateCommand({
          TableName: table,
          Key: productKey('edited'),
          UpdateExpression: 'SET price.amount = :amount',
          ExpressionAttributeValues: { ':amount': amount },
        }),
      )
      const startedAt = performance.now()
      while ((await read()) !== amount) expect(performance.now() - startedAt).toBeLessThan(1000)
    }
  })
}
