import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { expect } from 'vitest'
import { productKey } from '../../../lib/catalog/table/items.ts'
import { untilFileEnds } from '../../support/ends.ts'
import { elementsOf } from '../../support/htmlOf.ts'
import { startQuiet } from '../../support/quiet.ts'
import { startShop } from '../../support/shop.ts'
import { timed } from '../../support/timed.ts'

const ends = untilFileEnds()
const { control } = await startQuiet()
const shop = await startShop()
ends(() => shop.stop())

const json = async () =>
  ((await (await fetch(`${shop.url}/products/edited`)).json()) as { price: { amount: number } }).price.amount
/** As the page shows it, in cents. */
const page = async () => {
  const elements = elementsOf(await (await fetch(`${shop.url}/p/edited`)).text())
  const price = elements.find(({ attributes }) => attributes.get('class') === 'price')
  return Math.round(Number(price?.text.replaceAll(/[^\d.]/g, '')) * 100)
}

const ground = {
  control,
  async reset() {
    await shop.put('edited', { title: 'Edited', category: 'desk', price: { amount: 1000, currency: 'EUR' } })
    for (const look of [json, page]) await expect.poll(look).toBe(1000)
  },
}

for (const [what, look] of Object.entries({ product: json, page })) {
  timed(`a price that was edited in the database shows within a second, in the ${what}`, ground, async () => {
    const { db, table } = shop.services
    for (let amount = 2000; amount <= 12_000; amount += 1000) {
      // There is an entry that the edit makes stale.
      await look()
      await db.send(
        new UpdateCommand({
          TableName: table,
          Key: productKey('edited'),
          UpdateExpression: 'SET price.amount = :amount',
          ExpressionAttributeValues: { ':amount': amount },
        }),
      )
      const begun = performance.now()
      while ((await look()) !== amount) expect(performance.now() - begun).toBeLessThan(1000)
    }
  })
}
