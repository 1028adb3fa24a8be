/// <reference lib="dom" />
// What runs in a page is written as functions beside the test that asks; only there is a document.
import { type Browser, chromium } from 'playwright-core'
import { findBinary } from '../../lib/local/servers/redisServer.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium that CHROMIUM_PATH names, else the first on PATH; undefined where there is none. */
export const findBrowser = (env = process.env): string | undefined =>
  env.CHROMIUM_PATH || names.map((name) => findBinary(name, env.PATH)).find((file) => file !== undefined)

/** Whether a machine without a browser fails the tests in one instead of skipping them: AISLE_BROWSER=required. */
export const isBrowserRequired = (env = process.env): boolean => env.AISLE_BROWSER === 'required'

/** What to do about a machine without a browser. */
export const noBrowser =
  'No Chromium on this machine: apt-get install chromium, or CHROMIUM_PATH=/path/to/chrome npm test'

/**
 * Opens a browser without a window.
 *
 * @throws {Error} where there is none, and when it does not start within 30 s
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
