import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test } from '../../support/visit.ts'

/** A way through the shop, and what stands on each page. */
const way = [
  ['/', 'Good things for a slow house'],
  ['/c/kitchen/coffee', 'Coffee'],
  ['/p/1', 'Harbour Pour-Over Kettle, 0.9 l'],
  ['/p/2', 'Millstone Hand Grinder'],
] as const

/** Walks it once: what is wrong with the pages, what the cache did for each, and the ms that the slowest took. */
async function walk(page: Page) {
  const wrong: string[] = []
  const statuses: string[] = []
  let slowest = 0
  for (const [path, title] of way) {
    const begun = performance.now()
    const response = await page.goto(path)
    slowest = Math.max(slowest, performance.now() - begun)
    statuses.push((await response?.headerValue('cache-status')) ?? '')
    const seen = await page.locator('main h1').innerText()
    if (response?.status() !== 200 || seen !== title) wrong.push(`${path}: ${response?.status()}, ${seen}`)
    if ((await page.locator('main .price').count()) === 0) wrong.push(`${path}: no price`)
  }
  return { wrong, statuses, slowest }
}

const isHit = (status: string) => /^aisle; hit/.test(status)

test('Redis is killed while somebody browses: every page comes as before, and with its return there are hits again', async ({
  shop,
  visit,
  troubles,
}) => {
  const page = await visit('/')
  // Whoever listens in has no cache of its own: each page comes from the shop.
  await page.route('**/*', (route) => route.continue())
  // A first read on a busy machine may go past the cache; the walk after it finds hits.
  await expect.poll(async () => (await walk(page)).statuses.every(isHit), { timeout: 10_000 }).toBe(true)

  // In the middle of a walk.
  const [during] = await Promise.all([walk(page), shop.services.redis.stop('SIGKILL')])
  expect(during.wrong).toEqual([])
  for (let round = 0; round < 2; round++) {
    const { wrong, statuses, slowest } = await walk(page)
    expect(wrong).toEqual([])
    expect(statuses.filter(isHit)).toEqual([])
    expect(slowest).toBeLessThan(4000)
  }

  await shop.services.restartRedis()
  await expect.poll(async () => (await walk(page)).statuses.every(isHit), { timeout: 10_000 }).toBe(true)
  expect((await walk(page)).wrong).toEqual([])
  expect(troubles).toEqual([])
})
