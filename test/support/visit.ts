import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { test as plain } from 'vitest'
import { findBrowser, isBrowserRequired, openBrowser } from './browser.ts'
import { startShop } from './shop.ts'

/** Opens a page in a browser that knows nothing yet: a session of its own, paths relative to the shop. */
export type Visit = (path: string, options?: BrowserContextOptions) => Promise<Page>

const inBrowser = plain
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern what a fixture needs: nothing
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
  .extend('troubles', (): string[] => [])
  .extend('visit', async ({ shop, browser, troubles }, { onCleanup }): Promise<Visit> => {
    const contexts: BrowserContext[] = []
    onCleanup(async () => {
      for (const context of contexts) await context.close()
    })
    return async (path, options) => {
      const context = await browser.newContext({ baseURL: shop.url, ...options })
      contexts.push(context)
      const page = await context.newPage()
      page.setDefaultTimeout(10_000)
      listen(page, troubles)
      await page.goto(path)
      return page
    }
  })

/**
 * A test in a real browser on a shop of its file's own. `troubles` fills with what no page may do: errors in the
 * console, of scripts and of files that are missing, what the Content-Security-Policy stopped, and dialogs.
 */
export const test = findBrowser() === undefined && !isBrowserRequired() ? inBrowser.skip : inBrowser

// Here, so that the start of a whole shop is not on the time of whichever test comes first.
if (findBrowser() !== undefined) inBrowser.beforeAll(async ({ shop, browser }) => void [shop, browser])

/**
 * Clicks a link, and waits until all of the page behind it is there. A click alone is done when the navigation has
 * begun, and what is looked at then may be half a page.
 */
export async function follow(
  link: Locator,
  options: { position?: { x: number; y: number } } = {},
): Promise<void> {
  const arrived = link.page().waitForEvent('domcontentloaded')
  await Promise.all([arrived, link.click(options)])
}

function listen(page: Page, troubles: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => troubles.push(`${page.url()}: ${error.message}`))
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure() ?? {}
    // Who leaves a page does not wait for its pictures.
    if (errorText !== 'net::ERR_ABORTED') troubles.push(`${request.url()}: ${errorText}`)
  })
  page.on('dialog', (dialog) => {
    troubles.push(`${page.url()}: a dialog says ${dialog.message()}`)
    dialog.dismiss().catch(() => {})
  })
}

/** One path for each kind of page that the sample catalogue gives: what holds for these holds for the shop. */
export const kinds = {
  'first page': '/',
  category: '/c/kitchen/coffee',
  'category without products right in it': '/c/kitchen',
  'product with variants': '/p/2',
  'product without variants': '/p/1',
  'nothing there': '/p/nobody',
  'unusable address': '/c/No',
}
