import { expect } from 'vitest'
import { followLink, test } from '../../support/visit.ts'

const options = { javaScriptEnabled: false }

test('without scripts a visitor can navigate from the home page to a product, to a related one, and back', async ({
  visit,
  pageErrors,
}) => {
  const page = await visit('/', options)
  await followLink(page.locator('#shop a', { hasText: 'Garden' }))
  await followLink(page.locator('main .categories a', { hasText: 'Tools' }))
  expect(await page.locator('main .card').count()).toBe(3)
  await followLink(page.locator('main .card a').first())
  const title = await page.locator('main h1').innerText()
  expect(await page.locator('.facts .price').first().innerText()).toMatch(/^€\d+\.\d\d$/)
  await followLink(page.locator('section[aria-labelledby="related"] .card a').first())
  expect(await page.locator('main h1').innerText()).not.toBe(title)
  await followLink(page.locator('.crumbs a').first())
  expect(new URL(page.url()).pathname).toBe('/')
  expect(pageErrors).toEqual([])
})

test('without scripts a visitor can choose pictures by mouse and by keyboard', async ({ visit }) => {
  const page = await visit('/p/2', options)
  const large = page.locator('.gallery > .frame img:visible')
  const source = () => large.getAttribute('src')
  const [first, second] = await page
    .locator('.gallery > label img')
    .evaluateAll((images) => images.map((image) => image.getAttribute('src')))
  expect(second).not.toBe(first)
  expect(await source()).toBe(first)
  await page.locator('.gallery > label').nth(1).click()
  expect(await source()).toBe(second)
  await page.keyboard.press('ArrowLeft')
  expect(await source()).toBe(first)
  await page.keyboard.press('ArrowRight')
  expect(await source()).toBe(second)
  await expect.poll(() => large.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0)
})

test('without scripts a visitor can collapse and expand the replies of a review', async ({ shop, visit }) => {
  const { id: parentId } = await shop.review('1', { rating: 3, body: 'Does it whistle?', author: 'Ida' })
  await shop.review('1', { parentId, body: 'No.', author: 'Rye' })
  const page = await visit('/p/1', options)
  const summary = page.locator('summary').first()
  const replies = page.locator('details > .replies').first()
  expect(await replies.isVisible()).toBe(true)
  await summary.click()
  expect(await replies.isVisible()).toBe(false)
  await summary.focus()
  await page.keyboard.press('Enter')
  expect(await replies.isVisible()).toBe(true)
  expect(page.url()).toBe(`${shop.url}/p/1`)
})

test('without scripts a visitor can page through a listing', async ({ shop, visit }) => {
  for (let n = 0; n < 25; n++)
    await shop.put(`n-${n}`, { title: `N ${n}`, category: 'cellar', price: { amount: 100, currency: 'EUR' } })
  const page = await visit('/c/cellar', options)
  expect(await page.locator('.card').count()).toBe(24)
  await followLink(page.locator('a', { hasText: 'Show older' }))
  expect(await page.locator('.card h2').allInnerTexts()).toEqual(['N 0'])
  await followLink(page.locator('a', { hasText: 'Back to the newest' }))
  expect(await page.locator('.card').count()).toBe(24)
})

test('without scripts an error page links to the home page', async ({ visit }) => {
  const page = await visit('/p/missing', options)
  expect(await page.locator('main h1').innerText()).toBe('Page not found')
  await followLink(page.locator('main .button'))
  expect(await page.locator('main .card').count()).toBeGreaterThan(0)
})
