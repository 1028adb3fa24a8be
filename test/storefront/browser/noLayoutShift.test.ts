import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { test } from '../../support/visit.ts'
import { largestPaint, layoutShift, picturesCome, readToTheEnd } from '../../support/vitals.ts'

for (const [name, path] of [
  ['first page', '/'],
  ['category', '/c/kitchen'],
  ['product page', '/p/2'],
] as const)
  for (const width of [360, 1280])
    test(`nothing on a ${name} of ${width} px moves while its pictures come and one reads to its end`, async ({
      visit,
      annotate,
    }) => {
      const page = await visit('about:blank', { viewport: { width, height: 800 } })
      // Late enough to be seen coming.
      let late = 0
      await page.route('**/pictures/*', async (route) => {
        late++
        await sleep(600)
        await route.continue().catch(() => {})
      })
      await page.goto(path, { waitUntil: 'commit' })
      const { ms, what } = await largestPaint(page)
      await annotate(`Largest paint, with pictures held back, after ${Math.round(ms)} ms: ${what}`)
      await readToTheEnd(page)
      await picturesCome(page)
      expect(late).toBeGreaterThan(0)
      expect(await layoutShift(page)).toEqual({ sum: 0, moved: [] })
    })
