import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectNoViolations } from '../../support/axe.ts'
import { test, type Visit } from '../../support/visit.ts'
import { layoutShift } from '../../support/vitals.ts'

const handle = (page: Page) => page.locator('.i-handle')
const message = (page: Page) => page.locator('.i-message').innerText()
const price = (page: Page) => page.locator('.facts .price').first().innerText()

/** Opens a product page and its inspector. */
async function openInspector(visit: Visit, path = '/p/1', options = {}): Promise<Page> {
  const page = await visit(path, options)
  await handle(page).click()
  return page
}

/** Presses a button and waits until its action has finished. Returns the message. */
async function press(page: Page, label: string): Promise<string> {
  const button = page.getByRole('button', { name: label, exact: true })
  await button.click()
  // All buttons are disabled while an action runs. Every page can use this one.
  const flush = page.locator('[data-action=flush]')
  await expect.poll(() => flush.isEnabled(), { timeout: 20_000 }).toBe(true)
  return message(page)
}

/** Returns how many requests with this outcome the legend of the strip counts. */
const countOf = async (page: Page, outcome: string) =>
  Number(await page.locator('.i-legend li', { hasText: outcome }).locator('b').innerText())

/** Returns the states of the database and of each entry, as the panel shows them. */
const readStates = async (page: Page) => {
  // In one step, because the panel replaces its rows.
  const rows = await page
    .locator('.i-entries')
    .evaluate(({ rows }: HTMLTableElement) =>
      [...rows].map(({ cells }) => [...cells].map((cell) => cell.textContent)),
    )
  return Object.fromEntries(rows.slice(1).map(([name, state]) => [name, state]))
}

test('the inspector is closed at first, opens and closes by keyboard, and stays open on the next page', async ({
  visit,
  pageErrors,
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
  expect(pageErrors).toEqual([])
})

test('the inspector shows the outcome, version, age and waiting times of each request of the page', async ({
  visit,
}) => {
  const page = await openInspector(visit)
  await expect.poll(async () => (await press(page, 'Read')).includes('aisle; hit')).toBe(true)
  const rows = () => page.locator('.i-requests tr').allInnerTexts()
  // The path, outcome, end of the version, age, time for the cache, no time for the database, and total time.
  const hit = /^\/products\/1\thit\t…\d{6}\t\d+\.\d s\t[\d.]+ ms\t–\t[\d.]+ ms$/m
  await expect.poll(async () => (await rows()).join('\n')).toMatch(hit)
  expect((await rows()).join('\n')).toMatch(/^\/p\/1\t(hit|miss)\t…\d{6}\t/m)
  expect((await rows()).join('\n')).toMatch(/^\/pictures\/\S+\tfile\t–\t–\t–\t–\t[\d.]+ ms$/m)
  expect(await handle(page).innerText()).toMatch(
    /\d+ % hits\s+\d+ % of the last \d+ reads without the database/,
  )
  expect(await page.locator('.i-strip').getAttribute('aria-label')).toMatch(/^The last \d+ reads: \d+ hit, /)
  expect(await page.locator('.i-strip .i-hit').count()).toBeGreaterThan(0)
})

test('the page shows a new price after an update through the API and after an edit behind the cache', async ({
  visit,
  pageErrors,
}) => {
  // A product with variants, whose prices all change.
  const page = await openInspector(visit, '/p/2')
  for (const label of ['Update the price', 'Edit behind the cache', 'Update the price']) {
    const before = await price(page)
    const text = await press(page, label)
    expect(text).toMatch(/\d+\.\d\d EUR became \d+\.\d\d EUR/)
    if (label.startsWith('Edit')) expect(text).toMatch(/Readers saw the new price after \d+ ms/)
    expect(await price(page)).not.toBe(before)
  }
  expect(pageErrors).toEqual([])
})

test('expire and flush remove the entries, and the next read is a miss', async ({ visit }) => {
  const page = await openInspector(visit)
  for (const label of ['Expire', 'Flush']) {
    await expect.poll(async () => (await press(page, 'Read')).includes('aisle; hit')).toBe(true)
    expect(await readStates(page)).toMatchObject({ database: 'stored', product: 'fresh' })
    expect(await press(page, label)).toMatch(/^Expired \d entr|^Removed \d+ entr/)
    await expect.poll(() => readStates(page)).toMatchObject({ product: 'nothing', page: 'nothing' })
    const misses = await countOf(page, 'miss')
    expect(await press(page, 'Read')).toMatch(/fwd=uri-miss/)
    await expect.poll(() => countOf(page, 'miss')).toBe(misses + 1)
  }
})

test('200 readers of a cold key cause one database read, and the strip shows the others as collapsed', async ({
  visit,
}) => {
  const page = await openInspector(visit)
  // On a busy machine a reader can exceed the timeout for Redis and read the database.
  await expect
    .poll(() => press(page, '200 readers at once'), { timeout: 40_000 })
    .toMatch(/^200 readers in 20 sandboxes .*: 1 database read, all answered within \d+ ms\.$/)
  await expect.poll(() => countOf(page, 'collapsed')).toBeGreaterThan(100)
  expect(await page.locator('.i-strip i').count()).toBeLessThanOrEqual(200)
})

test('the page works while Redis is off, and reads hit again after it is switched on', async ({
  visit,
  pageErrors,
}) => {
  const page = await openInspector(visit)
  expect(await press(page, 'Redis off')).toMatch(/^Redis is off/)
  const failOpens = await countOf(page, 'fail-open')
  expect(await press(page, 'Read')).toMatch(/^200, aisle; fwd=bypass/)
  await expect.poll(() => countOf(page, 'fail-open')).toBeGreaterThan(failOpens)
  await page.reload()
  expect(await page.locator('main h1').innerText()).toContain('Kettle')
  expect(await press(page, 'Redis on')).toMatch(/^Redis is on/)
  await expect.poll(() => press(page, 'Read'), { timeout: 20_000 }).toMatch(/^200, aisle; hit/)
  expect(pageErrors).toEqual([])
})

test('on a page without a product, Redis can be switched off and on again, and no button changes a product', async ({
  visit,
}) => {
  const page = await openInspector(visit, '/c/No')
  const enabled = () => page.locator('.i-buttons button:enabled').allInnerTexts()
  expect(await enabled()).toEqual(['Flush', 'Redis off', 'Reset'])
  expect(await press(page, 'Redis off')).toMatch(/^Redis is off/)
  expect(await press(page, 'Flush')).toBe('Redis is off, so nothing was removed. Switch it on first')
  expect(await press(page, 'Redis on')).toMatch(/^Redis is on/)
  expect(await enabled()).toEqual(['Flush', 'Redis off', 'Reset'])
  // A page of several products has one that the buttons change, and says which.
  await page.goto('/')
  await expect
    .poll(() => page.locator('#i-state').innerText())
    .toMatch(/product \d+, the first on this page$/)
})

test('while Redis is off the table shows the database, and Reset restores the price and switches Redis on', async ({
  visit,
}) => {
  const page = await openInspector(visit, '/p/3')
  const before = await price(page)
  await press(page, 'Update the price')
  await press(page, 'Redis off')
  expect(await press(page, 'Edit behind the cache')).toMatch(/because they read the database/)
  expect(await readStates(page)).toEqual({
    ...{ database: 'stored', product: 'unreachable', page: 'unreachable', reviews: 'unreachable' },
  })
  expect(await price(page)).not.toBe(before)
  expect(await press(page, 'Reset')).toMatch(/^Reset: Redis is on, the price.* restored/)
  expect(await price(page)).toBe(before)
  await expect.poll(() => readStates(page)).toMatchObject({ database: 'stored' })
  expect(await page.getByRole('button', { name: 'Redis off', exact: true }).isVisible()).toBe(true)
})

test('the end of every page is visible above the inspector, closed and open', async ({ visit }) => {
  const page = await visit('/')
  for (const path of ['/', '/p/1', '/p/missing'])
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: 740 })
      await page.goto(path)
      for (const _ of ['closed', 'open']) {
        const hidden = () =>
          page.evaluate(() => {
            scrollTo(0, document.documentElement.scrollHeight)
            const top = document.querySelector('.inspector')?.getBoundingClientRect().top ?? 0
            return (document.querySelector('footer')?.getBoundingClientRect().bottom ?? 0) - top
          })
        await expect.poll(hidden, { timeout: 2_000, message: `${path} at ${width} px` }).toBeLessThan(1)
        await handle(page).click()
      }
    }
})

test('the open inspector has no axe violation, no horizontal scrolling and no layout shift', async ({
  visit,
}) => {
  const page = await openInspector(visit, '/p/2')
  await press(page, 'Read')
  await expectNoViolations(page, async () => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    )
  })
  const fresh = await visit('/p/2')
  await fresh.waitForTimeout(500)
  expect(await layoutShift(fresh)).toEqual({ sum: 0, moved: [] })
})
