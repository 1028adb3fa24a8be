import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test } from '../../support/visit.ts'

/** The pages to visit, with their headings. */
const route = [
  ['/', 'Good things for a slow house'],
  ['/c/kitchen/coffee', 'Coffee'],
  ['/p/1', 'Harbour Pour-Over Kettle, 0.9 l'],
  ['/p/2', 'Millstone Hand Grinder'],
] as const

/** Visits the pages once. Returns their faults, their `Cache-Status`, and how long the slowest one took, ms. */
async function browse(page: Page) {
  const faults: string[] = []
  const statuses: string[] = []
  let slowestMs = 0
  for (const [path, title] of route) {
    const begun = performance.now()
    const response = await page.goto(path)
    slowestMs = Math.max(slowestMs, performance.now() - begun)
    statuses.push((await response?.headerValue('cache-status')) ?? '')
    const heading = await page.locator('main h1').innerText()
    if (response?.status() !== 200 || heading !== title)
      faults.push(`${path}: ${response?.status()}, ${heading}`)
    if ((await page.locator('main .price').count()) === 0) faults.push(`${path}: no price`)
  }
  return { faults, statuses, slowestMs }
}

const isHit = (status: string) => /^aisle; hit/.test(status)

test('a visitor sees no error while Redis is killed, and reads hit again after it restarts', async ({
  shop,
  visit,
  pageErrors,
}) => {
  const page = await visit('/')
  // Intercepting requests disables the browser's cache, so each page comes from the shop.
  await page.route('**/*', (route) => route.continue())
  // On a busy machine the first read can bypass the cache. A later round finds hits.
  await expect.poll(async () => (await browse(page)).statuses.every(isHit), { timeout: 10_000 }).toBe(true)

  // Kills Redis in the middle of a round.
  const [during] = await Promise.all([browse(page), shop.services.redis.stop('SIGKILL')])
  expect(during.faults).toEqual([])
  for (let round = 0; round < 2; round++) {
    const { faults, statuses, slowestMs } = await browse(page)
    expect(faults).toEqual([])
    expect(statuses.filter(isHit)).toEqual([])
    expect(slowestMs).toBeLessThan(4000)
  }

  await shop.services.restartRedis()
  await expect.poll(async () => (await browse(page)).statuses.every(isHit), { timeout: 10_000 }).toBe(true)
  expect((await browse(page)).faults).toEqual([])
  expect(pageErrors).toEqual([])
})
