/// <reference lib="dom" />
// Tests pass functions to the page, where `document` exists. The DOM types are for those functions.
import { type Browser, chromium } from 'playwright-core'
import { findBinary } from '../../lib/local/servers/redisServer.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Finds the Chromium of CHROMIUM_PATH, or else the first one on PATH. Returns undefined without one. */
export const findBrowser = (env = process.env): string | undefined =>
  env.CHROMIUM_PATH || names.map((name) => findBinary(name, env.PATH)).find((file) => file !== undefined)

/** Returns whether the browser tests fail without a browser rather than being skipped: AISLE_BROWSER=required. */
export const isBrowserRequired = (env = process.env): boolean => env.AISLE_BROWSER === 'required'

export const noBrowser =
  'No Chromium found. Install it (apt-get install chromium), or set its path: CHROMIUM_PATH=/path/to/chrome npm test'

/**
 * Starts a headless browser.
 *
 * @throws {Error} without a browser, or if it does not start within 30 s
 */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findBrowser()
  if (executablePath === undefined) throw new Error(noBrowser)
  return chromium.launch({
    executablePath,
    timeout: 30_000,
    // Chromium refuses to run as root inside its sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
  })
}
