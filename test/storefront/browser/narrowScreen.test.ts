import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { kinds, test } from '../../support/visit.ts'

const widths = [320, 360, 480, 768, 1024, 1280, 1920]

/** Smallest side of what is tapped, CSS pixels: WCAG 2.2, 2.5.8. */
const smallestTarget = 24

/** What cannot be seen whole: reaches beyond the screen, or is cut off by what it lies in. */
const cutOff = (page: Page) =>
  page.evaluate(() => {
    const name = (element: Element) =>
      `${element.localName}.${element.className} ${element.textContent?.trim().slice(0, 40)}`
    const found: string[] = []
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth > clientWidth) found.push(`scrolls to ${scrollWidth} px`)
    for (const element of document.body.querySelectorAll('*')) {
      // What is there for screen readers alone, or not shown.
      if (element.closest('.hidden, .skip:not(:focus)') || !element.checkVisibility()) continue
      const { left, right } = element.getBoundingClientRect()
      if (left < -0.5 || right > clientWidth + 0.5) found.push(`${name(element)}: from ${left} to ${right}`)
      const { overflowX, display } = getComputedStyle(element)
      if (overflowX === 'visible' || display === 'inline') continue
      if (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
        found.push(`${name(element)}: cut off`)
    }
    return found
  })

/** What is hard to tap: not itself all around its middle. */
const hardToTap = (page: Page, smallest: number) =>
  page.evaluate((smallest) => {
    const found: string[] = []
    for (const target of document.querySelectorAll(
      'a[href], button, summary, label, input, select, textarea',
    )) {
      if (target.matches('.hidden, .skip')) continue
      if (!target.checkVisibility()) continue
      target.scrollIntoView({ block: 'center', behavior: 'instant' })
      const [rect] = target.getClientRects()
      if (!rect) continue
      const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2]
      const half = smallest / 2 - 0.5
      const corners = [-half, half].flatMap((dx) => [-half, half].map((dy) => [x + dx, y + dy] as const))
      const missed = corners.some(([x, y]) => {
        const hit = document.elementFromPoint(x, y)
        // A card is tapped anywhere, by what its link puts over it.
        return !hit || !target.contains(hit)
      })
      if (missed)
        found.push(
          `${target.localName} ${target.textContent?.trim().slice(0, 40)}: ${Math.round(rect.width)} x ${Math.round(rect.height)}`,
        )
    }
    return found
  }, smallest)

for (const [kind, path] of Object.entries(kinds))
  test(`${kind}: from ${widths[0]} to ${widths.at(-1)} px, light and dark, all is seen and can be tapped`, async ({
    visit,
  }) => {
    const page = await visit(path)
    for (const width of widths)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 740 })
        const seen = { cutOff: await cutOff(page), hardToTap: await hardToTap(page, smallestTarget) }
        expect({ width, colorScheme, ...seen }).toEqual({ width, colorScheme, cutOff: [], hardToTap: [] })
      }
  })
