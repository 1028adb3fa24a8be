import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { faults } from '../../support/faults.ts'
import { kinds, test } from '../../support/visit.ts'
import { picturesCome, readToTheEnd } from '../../support/vitals.ts'

for (const [kind, path] of Object.entries(kinds))
  test(`${kind}: axe finds nothing, narrow and wide, light and dark`, async ({ visit }) => {
    const page = await visit(path)
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 800 })
        await page.emulateMedia({ colorScheme })
        expect({ colorScheme, width, faults: await faults(page) }).toEqual({ colorScheme, width, faults: [] })
      }
  })

/** Where the focus is, as a place among all elements; undefined when it has left the page. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!element || element === document.body) return undefined
    return [...document.querySelectorAll('*')].indexOf(element)
  })

/** Whether the focus is seen: whether the screen around it looks otherwise without it. */
async function isFocusSeen(page: Page): Promise<boolean> {
  const clip = await page.evaluate(() => {
    const focus = document.activeElement ?? document.body
    // What stands for a radio button that is hidden, and for the link that a whole card is.
    const { left, top, right, bottom } = (focus.closest('label, .card') ?? focus).getBoundingClientRect()
    const [x, y] = [Math.max(0, left - 8), Math.max(0, top - 8)]
    const [width, height] = [Math.min(innerWidth, right + 8) - x, Math.min(innerHeight, bottom + 8) - y]
    return { x, y, width, height }
  })
  // Beyond the screen.
  if (clip.width <= 0 || clip.height <= 0) return false
  const shown = await page.screenshot({ clip })
  // The next Tab goes on from here all the same.
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur())
  return !shown.equals(await page.screenshot({ clip }))
}

test('the first thing that the keyboard reaches leads past the head, and is seen when it is reached', async ({
  visit,
}) => {
  const page = await visit('/p/2', { viewport: { width: 360, height: 740 } })
  await page.keyboard.press('Tab')
  const skip = page.locator('a.skip')
  expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true)
  const { clipPath, position } = await skip.evaluate((link) => {
    const { left, top } = link.getBoundingClientRect()
    const hit = document.elementFromPoint(left + 5, top + 5)
    return { clipPath: getComputedStyle(link).clipPath, position: hit === link }
  })
  expect({ clipPath, position }).toEqual({ clipPath: 'none', position: true })
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)
})

for (const kind of ['first page', 'category', 'product with variants', 'nothing there'] as const)
  test(`${kind}: the keyboard reaches everything, in order, and one sees where it is`, async ({ visit }) => {
    const page = await visit(kinds[kind])
    // With all that comes late, so that nothing changes but the focus.
    await readToTheEnd(page)
    await picturesCome(page)
    await page.evaluate(() => scrollTo(0, 0))
    const wanted = await page.evaluate(() =>
      [...document.querySelectorAll('*')].flatMap((element, at) =>
        // Of a group of radio buttons the chosen one is reached, and the others from it by arrows.
        element.matches(
          'a[href], button, summary, select, textarea, input:not([type="radio"]), input:checked',
        ) && element.checkVisibility()
          ? at
          : [],
      ),
    )
    const reached: number[] = []
    const unseen: number[] = []
    for (let presses = 0; presses <= wanted.length; presses++) {
      await page.keyboard.press('Tab')
      const at = await focused(page)
      if (at === undefined) break
      reached.push(at)
      if (!(await isFocusSeen(page))) unseen.push(at)
    }
    expect({ reached, unseen }).toEqual({ reached: wanted, unseen: [] })
  })
