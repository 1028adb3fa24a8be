import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { test } from '../../support/visit.ts'
import { largestPaint, layoutShift, scrollToEnd, waitForPictures } from '../../support/vitals.ts'

for (const [name, path] of [
  ['home page', '/'],
  ['category', '/c/kitchen'],
  ['product page', '/p/2'],
] as const)
  for (const width of [360, 1280])
    test(`nothing on a ${name} of ${width} px moves while its pictures load and a visitor scrolls to the end`, async ({
      visit,
      annotate,
    }) => {
      const page = await visit('about:blank', { viewport: { width, height: 800 } })
      // Delays the pictures so that a layout shift would be measured.
      let delayed = 0
      await page.route('**/pictures/*', async (route) => {
        delayed++
        await sleep(600)
        await route.continue().catch(() => {})
      })
      await page.goto(path, { waitUntil: 'commit' })
      const { ms, what } = await largestPaint(page)
      await annotate(`Largest contentful paint with delayed pictures after ${Math.round(ms)} ms: ${what}`)
      await scrollToEnd(page)
      await waitForPictures(page)
      expect(delayed).toBeGreaterThan(0)
      expect(await layoutShift(page)).toEqual({ sum: 0, moved: [] })
    })
