import { cpus } from 'node:os'
import type { Browser } from 'playwright-core'
import { openBrowser } from '../test/support/browser.ts'
import { startShop } from '../test/support/shop.ts'
import {
  largestPaint,
  lastPicture,
  layoutShift,
  scrollToEnd,
  waitForPictures,
} from '../test/support/vitals.ts'
import { writeResults } from './support/results.ts'

/*
 * Measures how long a visitor of the storefront waits. Writes bench/results/storefront.json. Needs Chromium. Takes about
 * two minutes: node bench/storefront.ts
 *
 * It runs what `npm start` runs, with a DynamoDB Local and a Redis of its own. It opens each kind of page in Chromium
 * several times, each time in a new session with an empty browser cache, while the catalogue's cache holds everything that
 * the page shows. It measures the largest contentful paint, the time until the last picture of the first screen has loaded
 * (Chromium does not count drawings of few bytes as a largest paint), and the layout shift until the end of the page has
 * been read. It also measures the size of the pages of all sample products, and of the script and style that they name.
 * The inspector does not count, because only `npm start` adds it.
 */
const loads = 10
const pages = { 'home page': '/', category: '/c/kitchen', product: '/p/2' }
const screens = { wide: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }
const products = 24

const shop = await startShop()
let browser: Browser | undefined

/** Loads a page once. Returns the times until the largest paint and until the last picture, ms, and the layout shift. */
async function load(browser: Browser, path: string, viewport: { width: number; height: number }) {
  const context = await browser.newContext({ viewport })
  try {
    const page = await context.newPage()
    await page.goto(`${shop.url}${path}`)
    const [{ ms }, picture] = [await largestPaint(page), await lastPicture(page)]
    await scrollToEnd(page)
    await waitForPictures(page)
    const { sum, moved } = await layoutShift(page)
    if (sum > 0) console.log(`${path} moved by ${sum}: ${moved.join(', ')}`)
    return { ms, picture, shift: sum }
  } finally {
    await context.close()
  }
}

async function measure(browser: Browser, path: string, viewport: { width: number; height: number }) {
  // The first loads fill the catalogue's cache and start the functions.
  for (let n = 0; n < 3; n++) await load(browser, path, viewport)
  const measured: Awaited<ReturnType<typeof load>>[] = []
  for (let n = 0; n < loads; n++) measured.push(await load(browser, path, viewport))
  return {
    largestPaint: medianAndWorst(measured.map(({ ms }) => ms)),
    lastPicture: medianAndWorst(measured.map(({ picture }) => picture)),
    layoutShift: Math.max(...measured.map(({ shift }) => shift)),
  }
}

function medianAndWorst(times: number[]): { median: number; worst: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return {
    median: Math.round(((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2),
    worst: Math.round(sorted.at(-1) ?? 0),
  }
}

async function fetchText(path: string): Promise<string> {
  const response = await fetch(`${shop.url}${path}`, { signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response.text()
}

try {
  browser = await openBrowser()
  const measured: Record<string, Awaited<ReturnType<typeof measure>>> = {}
  for (const [name, path] of Object.entries(pages))
    for (const [screen, viewport] of Object.entries(screens)) {
      measured[`${name}, ${screen}`] = await measure(browser, path, viewport)
      console.log(`${name}, ${screen}: measured`)
    }

  const html: number[] = []
  const files = new Set<string>()
  for (let id = 1; id <= products; id++) {
    const page = await fetchText(`/p/${id}`)
    html.push(Buffer.byteLength(page))
    for (const [, file] of page.matchAll(/(?:<link rel="stylesheet" href|<script src)="([^"]+)"/g))
      if (file && !/\/inspector-/.test(file)) files.add(file)
  }
  html.sort((a, b) => a - b)
  const htmlBytes = { median: html[html.length >> 1] ?? 0, largest: html.at(-1) ?? 0 }
  let ownBytes = 0
  for (const file of files) ownBytes += Buffer.byteLength(await fetchText(file))

  const all = Object.values(measured)
  const demands = {
    'largest paint within 1,000 ms': all.every(({ largestPaint }) => largestPaint.worst < 1000),
    'nothing moves': all.every(({ layoutShift }) => layoutShift === 0),
    'a typical product page of 30 KB at most': htmlBytes.median <= 30_000,
    'script and style of its own of 10 KB at most': ownBytes > 0 && ownBytes <= 10_000,
  }
  const result = {
    date: new Date().toISOString(),
    node: process.version,
    cores: cpus().length,
    browser: `Chromium ${browser.version()}`,
    setup:
      'the stack of npm start, its cache warm; a new browser session for each load; times in ms, bytes before compression',
    ...{ loads, screens },
    measured: { ...measured, htmlBytes, ownBytes },
    met: demands,
  }
  writeResults('storefront', result)
  console.table(
    Object.fromEntries(
      Object.entries(measured).map(([name, { largestPaint, lastPicture, layoutShift }]) => [
        name,
        {
          ...{ 'largest paint': largestPaint.median, worst: largestPaint.worst },
          ...{ 'last picture': lastPicture.median, 'worst picture': lastPicture.worst },
          'layout shift': layoutShift,
        },
      ]),
    ),
  )
  console.log(`HTML of a product page: ${htmlBytes.median} bytes, of the largest one ${htmlBytes.largest}`)
  console.log(`Script and style of the storefront: ${ownBytes} bytes`)
  console.table(Object.fromEntries(Object.entries(demands).map(([what, met]) => [what, { met }])))
} finally {
  await browser?.close()
  await shop.stop()
}
