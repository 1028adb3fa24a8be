import { statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { openBrowser } from '../test/support/browser.ts'
import { startShop } from '../test/support/shop.ts'
import { picturesCome } from '../test/support/vitals.ts'

const help = `Usage: node docs/screenshot.ts [NAME...]

Starts what npm start runs, with servers of its own, opens the storefront in Chromium and writes a picture of it beside
this file. Needs Chromium: apt-get install chromium, or CHROMIUM_PATH.

Names, by default all:
`

/** A picture: what of the shop it shows. */
interface Shot {
  about: string
  path: string
  /** What is done on the page before, such as opening a panel. */
  prepare?: (page: Page) => Promise<void>
}

const shots: Record<string, Shot> = {
  storefront: { about: 'a product page', path: '/p/2' },
  inspector: { about: 'the inspector on it, after some of its story', path: '/p/1', prepare: tellStory },
}

/** Opens the inspector and presses its buttons, so that each outcome is seen that they bring about. */
async function tellStory(page: Page): Promise<void> {
  await page.locator('.i-handle').click()
  const press = async (label: string) => {
    await page.getByRole('button', { name: label, exact: true }).click()
    await page.waitForFunction(() => !document.querySelector('.i-buttons button:disabled'))
  }
  const reads = async (count: number) => {
    for (let n = 0; n < count; n++) await press('Read')
  }
  await press('200 readers at once')
  for (let round = 0; round < 3; round++) {
    await reads(12)
    await press('Update the price')
  }
  await press('Redis off')
  await reads(6)
  await press('Redis on')
  // It is asked again a little later.
  await page.waitForTimeout(1500)
  await reads(40)
  await press('Edit behind the cache')
  await page.evaluate(() => scrollTo(0, 0))
  await page.waitForTimeout(1200)
}

/** What a picture in a README may weigh. */
const mostBytes = 300_000

async function take(page: Page, name: string, { path, prepare }: Shot): Promise<void> {
  await page.goto(path)
  await prepare?.(page)
  await picturesCome(page)
  const file = join(import.meta.dirname, `${name}.png`)
  await page.screenshot({ path: file, animations: 'disabled' })
  const { size } = statSync(file)
  console.log(`${file}: ${Math.ceil(size / 1000)} KB`)
  if (size > mostBytes) throw new Error(`${file} is larger than ${mostBytes / 1000} KB`)
}

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !Object.hasOwn(shots, name))
const usage = `${help}${Object.entries(shots)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}\n`)
  .join('')}`
if (values.help) {
  process.stdout.write(usage)
} else if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}\n\n${usage}`)
  process.exitCode = 1
} else {
  console.log('Starting the storefront')
  const browser = await openBrowser()
  try {
    const shop = await startShop()
    try {
      const options = { baseURL: shop.url, viewport: { width: 1280, height: 800 } }
      const page = await browser.newPage(options)
      for (const [name, shot] of Object.entries(shots))
        if (positionals.length === 0 || positionals.includes(name)) await take(page, name, shot)
    } finally {
      await shop.stop()
    }
  } finally {
    await browser.close()
  }
}
