import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { productKey } from '../../../lib/catalog/table/items.ts'
import { follow, test } from '../../support/visit.ts'

const h1 = (page: Page) => page.locator('main h1').innerText()
const price = (page: Page) => page.locator('.facts .price').first().innerText()

test('a visitor goes from the first page over a category to a product, and on to a related one', async ({
  visit,
  troubles,
}) => {
  const page = await visit('/')
  expect(await page.title()).toContain(await h1(page))
  await follow(page.locator('#shop a', { hasText: 'Kitchen' }))
  expect(await h1(page)).toBe('Kitchen')
  expect(await page.locator('main .card').count()).toBe(6)
  await follow(page.locator('main .shelves a', { hasText: 'Coffee' }))
  expect(await h1(page)).toBe('Coffee')

  const card = page.locator('main .card').first()
  const title = await card.locator('h2').innerText()
  // Somewhere on the card, not on its title.
  await follow(card, { position: { x: 20, y: 20 } })
  expect(await h1(page)).toBe(title)
  expect(await page.locator('.crumbs li').allInnerTexts()).toEqual(['Home', 'Kitchen', 'Coffee', title])

  const related = page.locator('section[aria-labelledby="related"] .card').first()
  const other = await related.locator('h3').innerText()
  expect(other).not.toBe(title)
  await follow(related.locator('h3'))
  expect(await h1(page)).toBe(other)
  await page.goBack()
  expect(await h1(page)).toBe(title)
  await follow(page.locator('.crumbs a', { hasText: 'Home' }))
  expect(new URL(page.url()).pathname).toBe('/')
  expect(troubles).toEqual([])
})

test('all pictures of the pages come, also the lazy ones', async ({ visit, troubles }) => {
  const page = await visit('/')
  for (const path of ['/', '/c/kitchen', '/p/2']) {
    await page.goto(path)
    for (const image of await page.locator('main img:visible').all()) {
      await image.scrollIntoViewIfNeeded()
      await expect.poll(() => image.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0)
    }
  }
  expect(troubles).toEqual([])
})

test('a listing of several pages shows each product once, the newest first', async ({ shop, visit }) => {
  const count = 30
  const titles = Array.from({ length: count }, (_, n) => `Number ${n + 1}`)
  for (const [n, title] of titles.entries())
    await shop.put(`paged-${n}`, { title, category: 'cellar/racks', price: { amount: 100, currency: 'EUR' } })
  const page = await visit('/c/cellar/racks')
  // The index of a category follows the products.
  await expect.poll(async () => (await page.goto('/c/cellar/racks'))?.status()).toBe(200)
  const seen: string[] = await page.locator('.card h2').allInnerTexts()
  const older = page.locator('a', { hasText: 'Show older' })
  for (let pages = 1; (await older.count()) > 0 && pages < count; pages++) {
    await follow(older)
    seen.push(...(await page.locator('.card h2').allInnerTexts()))
  }
  expect(seen).toEqual(titles.toReversed())
  await follow(page.locator('a', { hasText: 'To the newest' }))
  expect(await page.locator('.card h2').first().innerText()).toBe(titles.at(-1))
})

test('the next load shows a price that was changed through the API', async ({ shop, visit }) => {
  await shop.put('priced', { title: 'Priced', category: 'desk', price: { amount: 1000, currency: 'EUR' } })
  const page = await visit('/p/priced')
  expect(await price(page)).toBe('€10.00')
  for (let amount = 1100; amount < 1400; amount += 100) {
    await shop.patch('priced', { price: { amount, currency: 'EUR' } })
    // As a link does, and not as a reload, which asks the server in any case.
    await page.goto('/p/priced')
    expect(await price(page)).toBe(`€${amount / 100}.00`)
  }
  await shop.put('priced', { title: 'Priced', category: 'desk', price: { amount: 900, currency: 'EUR' } })
  await page.goto('/p/priced')
  expect(await price(page)).toBe('€9.00')
})

test('a price that was edited in the database shows with one of the next loads', async ({ shop, visit }) => {
  const { db, table } = shop.services
  await shop.put('edited', { title: 'Edited', category: 'desk', price: { amount: 1000, currency: 'EUR' } })
  const page = await visit('/p/edited')
  for (const amount of [2000, 3000, 4000]) {
    await db.send(
      new UpdateCommand({
        TableName: table,
        Key: productKey('edited'),
        UpdateExpression: 'SET price.amount = :amount',
        ExpressionAttributeValues: { ':amount': amount },
      }),
    )
    // Within a second, as ../timed/editShowsWithinASecond.test.ts measures.
    const next = async () => {
      await page.goto('/p/edited')
      return price(page)
    }
    await expect.poll(next, { interval: 50 }).toBe(`€${amount / 100}.00`)
  }
})
