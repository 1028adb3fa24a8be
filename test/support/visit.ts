import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { test as plain } from 'vitest'
import { findBrowser, isBrowserRequired, openBrowser } from './browser.ts'
import { startShop } from './shop.ts'

/** Opens a page in a new browser session. Paths are relative to the shop. */
export type Visit = (path: string, options?: BrowserContextOptions) => Promise<Page>

const inBrowser = plain
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the fixtures that this one needs from the pattern: none
  .extend('shop', { scope: 'file' }, async ({}, { onCleanup }) => {
    const shop = await startShop()
    onCleanup(() => shop.stop())
    return shop
  })
  // biome-ignore lint/correctness/noEmptyPattern: the same
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }): Promise<Browser> => {
    const browser = await openBrowser()
    onCleanup(() => browser.close())
    return browser
  })
  .extend('pageErrors', (): string[] => [])
  .extend('visit', async ({ shop, browser, pageErrors }, { onCleanup }): Promise<Visit> => {
    const contexts: BrowserContext[] = []
    onCleanup(async () => {
      for (const context of contexts) await context.close()
    })
    return async (path, options) => {
      const context = await browser.newContext({ baseURL: shop.url, ...options })
      contexts.push(context)
      const page = await context.newPage()
      page.setDefaultTimeout(10_000)
      listen(page, pageErrors)
      await page.goto(path)
      return page
    }
  })

/**
 * Defines a test in a real browser, with one shop for each test file. `pageErrors` collects what no page may cause:
 * errors in the console, script errors, missing files, violations of the Content-Security-Policy, and dialogs.
 */
export const test = findBrowser() === undefined && !isBrowserRequired() ? inBrowser.skip : inBrowser

// The shop starts here so that its start does not count as part of the first test.
if (findBrowser() !== undefined) inBrowser.beforeAll(async ({ shop, browser }) => void [shop, browser])

/**
 * Clicks a link and waits until the whole page behind it has been parsed. A click alone resolves when the navigation
 * begins, when half of the page may be missing.
 */
export async function followLink(
  link: Locator,
  options: { position?: { x: number; y: number } } = {},
): Promise<void> {
  const arrived = link.page().waitForEvent('domcontentloaded')
  await Promise.all([arrived, link.click(options)])
}

function listen(page: Page, pageErrors: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') pageErrors.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => pageErrors.push(`${page.url()}: ${error.message}`))
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure() ?? {}
    // Leaving a page cancels the pictures that are still loading.
    if (errorText !== 'net::ERR_ABORTED') pageErrors.push(`${request.url()}: ${errorText}`)
  })
  page.on('dialog', (dialog) => {
    pageErrors.push(`${page.url()}: it opened a dialog: ${dialog.message()}`)
    dialog.dismiss().catch(() => {})
  })
}

/** One path for each kind of page in the sample catalogue. */
export const pageKinds = {
  'home page': '/',
  category: '/c/kitchen/coffee',
  'category with products only in subcategories': '/c/kitchen',
  'product with variants': '/p/2',
  'product without variants': '/p/1',
  'not found': '/p/missing',
  'unusable address': '/c/No',
}
