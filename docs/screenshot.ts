import { statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { openBrowser } from '../test/support/browser.ts'
import { startShop } from '../test/support/shop.ts'
import { waitForPictures } from '../test/support/vitals.ts'

const help = `Usage: node docs/screenshot.ts [NAME...]

Starts the servers of npm start on free ports, opens the storefront in Chromium and writes pictures of it to this
file's directory. Needs Chromium: apt-get install chromium, or CHROMIUM_PATH.

Names (default: all):
`

/** A picture of the shop. */
interface Shot {
  about: string
  path: string
  /** Runs on the page before the picture is taken, for example to open a panel. */
  prepare?: (page: Page) => Promise<void>
}

const shots: Record<string, Shot> = {
  storefront: { about: 'a product page', path: '/p/2' },
  inspector: {
    about: 'a product page with the inspector, after some of its story',
    path: '/p/1',
    prepare: tellStory,
  },
}

/** Opens the inspector and presses its buttons, so that the picture shows each outcome. */
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
  // The breaker's next probe comes a little later.
  await page.waitForTimeout(1500)
  await reads(40)
  await press('Edit behind the cache')
  await page.evaluate(() => scrollTo(0, 0))
  await page.waitForTimeout(1200)
}

/** The maximum size of a picture on a documentation page, bytes. */
const mostBytes = 300_000

async function take(page: Page, name: string, { path, prepare }: Shot): Promise<void> {
  await page.goto(path)
  await prepare?.(page)
  await waitForPictures(page)
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
  process.stderr.write(`Unknown names: ${unknown.join(', ')}\n\n${usage}`)
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
