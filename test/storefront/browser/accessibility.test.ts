import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectNoViolations } from '../../support/axe.ts'
import { pageKinds, test } from '../../support/visit.ts'
import { scrollToEnd, waitForPictures } from '../../support/vitals.ts'

for (const [kind, path] of Object.entries(pageKinds))
  test(`${kind}: axe finds no violation, on narrow and wide screens, in light and dark`, async ({
    visit,
  }) => {
    await expectNoViolations(await visit(path))
  })

/** Returns the index of the focused element among all elements, or undefined if the focus has left the page. */
const focusedIndex = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!element || element === document.body) return undefined
    return [...document.querySelectorAll('*')].indexOf(element)
  })

/** Returns whether the focus is visible, which means that the screen around it looks different without it. */
async function isFocusVisible(page: Page): Promise<boolean> {
  const clip = await page.evaluate(() => {
    const focus = document.activeElement ?? document.body
    // A hidden radio button shows its focus on the label, and the link of a card on the whole card.
    const { left, top, right, bottom } = (focus.closest('label, .card') ?? focus).getBoundingClientRect()
    const [x, y] = [Math.max(0, left - 8), Math.max(0, top - 8)]
    const [width, height] = [Math.min(innerWidth, right + 8) - x, Math.min(innerHeight, bottom + 8) - y]
    return { x, y, width, height }
  })
  // The element is outside the screen.
  if (clip.width <= 0 || clip.height <= 0) return false
  const withFocus = await page.screenshot({ clip })
  // The next Tab continues from here in spite of the blur.
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur())
  return !withFocus.equals(await page.screenshot({ clip }))
}

test('the first Tab reaches a visible link that skips the header', async ({ visit }) => {
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

for (const kind of ['home page', 'category', 'product with variants', 'not found'] as const)
  test(`${kind}: the keyboard reaches every control in order, and the focus is always visible`, async ({
    visit,
  }) => {
    const page = await visit(pageKinds[kind])
    // Loads every lazy picture first, so that only the focus changes.
    await scrollToEnd(page)
    await waitForPictures(page)
    await page.evaluate(() => scrollTo(0, 0))
    const expected = await page.evaluate(() =>
      [...document.querySelectorAll('*')].flatMap((element, index) =>
        // Tab reaches only the checked radio button of a group. The arrow keys reach the others.
        element.matches(
          'a[href], button, summary, select, textarea, input:not([type="radio"]), input:checked',
        ) && element.checkVisibility()
          ? index
          : [],
      ),
    )
    const reached: number[] = []
    const invisible: number[] = []
    for (let presses = 0; presses <= expected.length; presses++) {
      await page.keyboard.press('Tab')
      const index = await focusedIndex(page)
      if (index === undefined) break
      reached.push(index)
      if (!(await isFocusVisible(page))) invisible.push(index)
    }
    expect({ reached, invisible }).toEqual({ reached: expected, invisible: [] })
  })
