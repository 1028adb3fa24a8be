import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { productKey } from '../../../lib/catalog/table/keys.ts'
import { followLink, test } from '../../support/visit.ts'

const h1 = (page: Page) => page.locator('main h1').innerText()
const price = (page: Page) => page.locator('.facts .price').first().innerText()

test('a visitor navigates from the home page through a category to a product and to a related one', async ({
  visit,
  pageErrors,
}) => {
  const page = await visit('/')
  expect(await page.title()).toContain(await h1(page))
  await followLink(page.locator('#shop a', { hasText: 'Kitchen' }))
  expect(await h1(page)).toBe('Kitchen')
  expect(await page.locator('main .card').count()).toBe(6)
  await followLink(page.locator('main .categories a', { hasText: 'Coffee' }))
  expect(await h1(page)).toBe('Coffee')

  const card = page.locator('main .card').first()
  const title = await card.locator('h2').innerText()
  // Clicks the card outside its title.
  await followLink(card, { position: { x: 20, y: 20 } })
  expect(await h1(page)).toBe(title)
  expect(await page.locator('.crumbs li').allInnerTexts()).toEqual(['Home', 'Kitchen', 'Coffee', title])

  const related = page.locator('section[aria-labelledby="related"] .card').first()
  const relatedTitle = await related.locator('h3').innerText()
  expect(relatedTitle).not.toBe(title)
  await followLink(related.locator('h3'))
  expect(await h1(page)).toBe(relatedTitle)
  await page.goBack()
  expect(await h1(page)).toBe(title)
  await followLink(page.locator('.crumbs a', { hasText: 'Home' }))
  expect(new URL(page.url()).pathname).toBe('/')
  expect(pageErrors).toEqual([])
})

test('a page names its own absolute address for search engines', async ({ shop, visit }) => {
  const page = await visit('/')
  for (const path of ['/', '/c/kitchen/coffee', '/p/2']) {
    await page.goto(path)
    expect(await page.locator('link[rel=canonical]').getAttribute('href')).toBe(shop.url + path)
  }
})

test('every picture loads, including the lazy ones', async ({ visit, pageErrors }) => {
  const page = await visit('/')
  for (const path of ['/', '/c/kitchen', '/p/2']) {
    await page.goto(path)
    for (const image of await page.locator('main img:visible').all()) {
      await image.scrollIntoViewIfNeeded()
      await expect.poll(() => image.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0)
    }
  }
  expect(pageErrors).toEqual([])
})

test('a listing of several pages shows each product once, newest first', async ({ shop, visit }) => {
  const count = 30
  const titles = Array.from({ length: count }, (_, n) => `Number ${n + 1}`)
  for (const [n, title] of titles.entries())
    await shop.put(`paged-${n}`, { title, category: 'cellar/racks', price: { amount: 100, currency: 'EUR' } })
  const page = await visit('/c/cellar/racks')
  // The category index is updated a little later than the products.
  await expect.poll(async () => (await page.goto('/c/cellar/racks'))?.status()).toBe(200)
  const listed: string[] = await page.locator('.card h2').allInnerTexts()
  const older = page.locator('a', { hasText: 'Show older' })
  for (let pages = 1; (await older.count()) > 0 && pages < count; pages++) {
    await followLink(older)
    listed.push(...(await page.locator('.card h2').allInnerTexts()))
  }
  expect(listed).toEqual(titles.toReversed())
  await followLink(page.locator('a', { hasText: 'Back to the newest' }))
  expect(await page.locator('.card h2').first().innerText()).toBe(titles.at(-1))
})

test('the next page load shows a price that was changed through the API', async ({ shop, visit }) => {
  await shop.put('priced', { title: 'Priced', category: 'desk', price: { amount: 1000, currency: 'EUR' } })
  const page = await visit('/p/priced')
  expect(await price(page)).toBe('€10.00')
  for (let amount = 1100; amount < 1400; amount += 100) {
    await shop.patch('priced', { price: { amount, currency: 'EUR' } })
    // Navigates as a link does. A reload would request the page from the server in any case.
    await page.goto('/p/priced')
    expect(await price(page)).toBe(`€${amount / 100}.00`)
  }
  await shop.put('priced', { title: 'Priced', category: 'desk', price: { amount: 900, currency: 'EUR' } })
  await page.goto('/p/priced')
  expect(await price(page)).toBe('€9.00')
})

test('one of the next page loads shows a price that was edited in the database', async ({ shop, visit }) => {
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
    // test/stream/timed/editShowsWithinASecond.test.ts measures the delay.
    const reloadPrice = async () => {
      await page.goto('/p/edited')
      return price(page)
    }
    await expect.poll(reloadPrice, { interval: 50 }).toBe(`€${amount / 100}.00`)
  }
})
