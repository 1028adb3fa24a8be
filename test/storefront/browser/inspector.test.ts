import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { faults } from '../../support/faults.ts'
import { test, type Visit } from '../../support/visit.ts'
import { layoutShift } from '../../support/vitals.ts'

const handle = (page: Page) => page.locator('.i-handle')
const said = (page: Page) => page.locator('.i-said').innerText()
const price = (page: Page) => page.locator('.facts .price').first().innerText()

/** A product's page with the inspector open. */
async function inspected(visit: Visit, path = '/p/1', options = {}): Promise<Page> {
  const page = await visit(path, options)
  await handle(page).click()
  return page
}

/** Presses a button, and waits until it is done. */
async function press(page: Page, label: string): Promise<string> {
  const button = page.getByRole('button', { name: label, exact: true })
  await button.click()
  // All are pressed out while one works.
  await expect.poll(() => page.locator('.i-buttons button:disabled').count(), { timeout: 20_000 }).toBe(0)
  return said(page)
}

/** How many of an outcome the strip shows, by its legend. */
const shown = async (page: Page, outcome: string) =>
  Number(await page.locator('.i-legend li', { hasText: outcome }).locator('b').innerText())

/** What stands in the cache, by the panel: state by entry. */
const states = async (page: Page) => {
  const rows = await page.locator('.i-entries tr').allInnerTexts()
  return Object.fromEntries(rows.slice(1).map((row) => row.split('\t').slice(0, 2) as [string, string]))
}

test('it is closed at first, opens and closes by the keyboard, and stays as it was left from page to page', async ({
  visit,
  troubles,
}) => {
  const page = await visit('/')
  expect(await handle(page).getAttribute('aria-expanded')).toBe('false')
  expect(await page.locator('.i-strip').isVisible()).toBe(false)
  await handle(page).focus()
  await page.keyboard.press('Enter')
  expect(await handle(page).getAttribute('aria-expanded')).toBe('true')
  await page.goto('/p/1')
  expect(await page.locator('.i-strip').isVisible()).toBe(true)
  await handle(page).focus()
  await page.keyboard.press('Enter')
  expect(await page.locator('.i-strip').isVisible()).toBe(false)
  expect(troubles).toEqual([])
})

test('for each request of the page: outcome, version, age and waits; and a read that is a hit', async ({
  visit,
}) => {
  const page = await inspected(visit)
  await expect.poll(async () => (await press(page, 'Read')).includes('aisle; hit')).toBe(true)
  const rows = () => page.locator('.i-requests tr').allInnerTexts()
  // Its path, its outcome, the end of its version, its age, the wait for the cache, none for the database, the whole.
  const hit = /^\/products\/1\thit\t…\d{6}\t\d+\.\d s\t[\d.]+ ms\t–\t[\d.]+ ms$/m
  await expect.poll(async () => (await rows()).join('\n')).toMatch(hit)
  expect((await rows()).join('\n')).toMatch(/^\/p\/1\t(hit|miss)\t…\d{6}\t/m)
  expect((await rows()).join('\n')).toMatch(/^\/pictures\/\S+\ta file\t–\t–\t–\t–\t[\d.]+ ms$/m)
  expect(await handle(page).innerText()).toMatch(/\d+ % hits\s+\d+ % without the database, of the last \d+/)
  expect(await page.locator('.i-strip').getAttribute('aria-label')).toMatch(/^The last \d+ reads: \d+ hit, /)
  expect(await page.locator('.i-strip .i-hit').count()).toBeGreaterThan(0)
})

test('a price that is updated through the API, or edited behind the cache, is on the page at once', async ({
  visit,
  troubles,
}) => {
  // One with variants, all of whose prices move.
  const page = await inspected(visit, '/p/2')
  for (const label of ['Update the price', 'Edit behind the cache', 'Update the price']) {
    const before = await price(page)
    const words = await press(page, label)
    expect(words).toMatch(/\d+\.\d\d EUR became \d+\.\d\d EUR/)
    if (label.startsWith('Edit')) expect(words).toMatch(/It was read \d+ ms later/)
    expect(await price(page)).not.toBe(before)
  }
  expect(troubles).toEqual([])
})

test('expire and flush leave nothing in the cache, and a read brings it back', async ({ visit }) => {
  const page = await inspected(visit)
  for (const label of ['Expire', 'Flush']) {
    await expect.poll(async () => (await press(page, 'Read')).includes('aisle; hit')).toBe(true)
    expect(await states(page)).toMatchObject({ database: 'stored', product: 'fresh' })
    expect(await press(page, label)).toMatch(/^The time of \d entr|^\d+ entr/)
    await expect.poll(() => states(page)).toMatchObject({ product: 'nothing', page: 'nothing' })
    const misses = await shown(page, 'miss')
    expect(await press(page, 'Read')).toMatch(/fwd=uri-miss/)
    await expect.poll(() => shown(page, 'miss')).toBe(misses + 1)
  }
})

test('200 readers of a cold key cause one read of the database, and the strip shows the others as collapsed', async ({
  visit,
}) => {
  const page = await inspected(visit)
  // On a machine that does much else a reader may be too late for Redis' time limit, and goes past it.
  await expect
    .poll(() => press(page, '200 readers at once'), { timeout: 40_000 })
    .toMatch(/^200 readers of 20 sandboxes .*: 1 database read, all answered within \d+ ms\.$/)
  await expect.poll(() => shown(page, 'collapsed')).toBeGreaterThan(100)
  expect(await page.locator('.i-strip i').count()).toBeLessThanOrEqual(200)
})

test('with Redis off the page goes on and says so; on again, there are hits', async ({ visit, troubles }) => {
  const page = await inspected(visit)
  expect(await press(page, 'Redis off')).toMatch(/^Redis is off/)
  const failOpens = await shown(page, 'fail-open')
  expect(await press(page, 'Read')).toMatch(/^200, aisle; fwd=bypass/)
  await expect.poll(() => shown(page, 'fail-open')).toBeGreaterThan(failOpens)
  await page.reload()
  expect(await page.locator('main h1').innerText()).toContain('Kettle')
  expect(await press(page, 'Redis on')).toMatch(/^Redis is on/)
  await expect.poll(() => press(page, 'Read'), { timeout: 20_000 }).toMatch(/^200, aisle; hit/)
  expect(troubles).toEqual([])
})

test('axe finds nothing in it, open, narrow and wide, light and dark; nothing scrolls sideways and nothing moves', async ({
  visit,
}) => {
  const page = await inspected(visit, '/p/2')
  await press(page, 'Read')
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      expect({ colorScheme, width, faults: await faults(page) }).toEqual({ colorScheme, width, faults: [] })
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0)
    }
  const fresh = await visit('/p/2')
  await fresh.waitForTimeout(500)
  expect(await layoutShift(fresh)).toEqual({ sum: 0, moved: [] })
})
