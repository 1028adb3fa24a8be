import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Browser } from 'playwright-core'
import { openBrowser } from '../test/support/browser.ts'
import { startShop } from '../test/support/shop.ts'
import { largestPaint, lastPicture, layoutShift, picturesCome, readToTheEnd } from '../test/support/vitals.ts'

/**
 * What a visitor of the storefront waits for, and writes bench/results/storefront.json.
 *
 * It runs what `npm start` runs, with a DynamoDB Local and a Redis of its own, and opens each kind of page in Chromium
 * again and again, each time in a new session with nothing in its cache, while the catalog's cache holds all that is
 * shown. When was the largest thing painted; when had the last picture of the first screen come, since Chromium does
 * not count drawings of few bytes among the largest; and how far did anything move until all had come and the end was
 * read? Then how large the pages of all sample products are, and the script and style that they name; the inspector is
 * not counted, which `npm start` alone adds. About two minutes: node bench/storefront.ts
 */
const loads = 10
const pages = { 'first page': '/', category: '/c/kitchen', product: '/p/2' }
const screens = { wide: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }
const products = 24

const shop = await startShop()
let browser: Browser | undefined

/** One load: the ms until the largest paint, and how far things moved until the end was read. */
async function load(browser: Browser, path: string, viewport: { width: number; height: number }) {
  const context = await browser.newContext({ viewport })
  try {
    const page = await context.newPage()
    await page.goto(`${shop.url}${path}`)
    const [{ ms }, picture] = [await largestPaint(page), await lastPicture(page)]
    await readToTheEnd(page)
    await picturesCome(page)
    const { sum, moved } = await layoutShift(page)
    if (sum > 0) console.log(`${path} moved by ${sum}: ${moved.join(', ')}`)
    return { ms, picture, shift: sum }
  } finally {
    await context.close()
  }
}

async function measure(browser: Browser, path: string, viewport: { width: number; height: number }) {
  // The first fill the catalog's cache and start the functions.
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

async function text(path: string): Promise<string> {
  const response = await fetch(`${shop.url}${path}`, { signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response.text()
}

try {
  browser = await openBrowser()
  const seen: Record<string, Awaited<ReturnType<typeof measure>>> = {}
  for (const [name, path] of Object.entries(pages))
    for (const [screen, viewport] of Object.entries(screens)) {
      seen[`${name}, ${screen}`] = await measure(browser, path, viewport)
      console.log(`${name}, ${screen}: measured`)
    }

  const html: number[] = []
  const files = new Set<string>()
  for (let id = 1; id <= products; id++) {
    const page = await text(`/p/${id}`)
    html.push(Buffer.byteLength(page))
    for (const [, file] of page.matchAll(/(?:<link rel="stylesheet" href|<script src)="([^"]+)"/g))
      if (file && !/\/inspector-/.test(file)) files.add(file)
  }
  html.sort((a, b) => a - b)
  const htmlBytes = { median: html[html.length >> 1] ?? 0, largest: html.at(-1) ?? 0 }
  let ownBytes = 0
  for (const file of files) ownBytes += Buffer.byteLength(await text(file))

  const all = Object.values(seen)
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
    measured: { ...seen, htmlBytes, ownBytes },
    met: demands,
  }
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  writeFileSync(new URL('results/storefront.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`)
  console.table(
    Object.fromEntries(
      Object.entries(seen).map(([name, { largestPaint, lastPicture, layoutShift }]) => [
        name,
        {
          ...{ 'largest paint': largestPaint.median, worst: largestPaint.worst },
          ...{ 'last picture': lastPicture.median, 'worst picture': lastPicture.worst },
          'layout shift': layoutShift,
        },
      ]),
    ),
  )
  console.log(`A product page has ${htmlBytes.median} bytes of HTML, the largest ${htmlBytes.largest};`)
  console.log(`script and style of its own have ${ownBytes}`)
  console.table(Object.fromEntries(Object.entries(demands).map(([what, met]) => [what, { met }])))
} finally {
  await browser?.close()
  await shop.stop()
}
