import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { pageKinds, test } from '../../support/visit.ts'

const widths = [320, 360, 480, 768, 1024, 1280, 1920]

/** The minimum size of a target, CSS pixels (WCAG 2.2, 2.5.8). */
const smallestTarget = 24

/** Finds elements that are not fully visible, because the screen or an ancestor clips them. */
const findClipped = (page: Page) =>
  page.evaluate(() => {
    const name = (element: Element) =>
      `${element.localName}.${element.className} ${element.textContent?.trim().slice(0, 40)}`
    const found: string[] = []
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth > clientWidth) found.push(`scrolls to ${scrollWidth} px`)
    for (const element of document.body.querySelectorAll('*')) {
      // Elements that are only for screen readers, or not shown.
      if (element.closest('.hidden, .skip:not(:focus)') || !element.checkVisibility()) continue
      const { left, right } = element.getBoundingClientRect()
      if (left < -0.5 || right > clientWidth + 0.5) found.push(`${name(element)}: from ${left} to ${right}`)
      const { overflowX, display } = getComputedStyle(element)
      if (overflowX === 'visible' || display === 'inline') continue
      if (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
        found.push(`${name(element)}: clipped`)
    }
    return found
  })

/** Finds targets that are too small: another element covers a corner of the minimum square around their centre. */
const findSmallTargets = (page: Page, smallest: number) =>
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
      const isMissed = corners.some(([x, y]) => {
        const hit = document.elementFromPoint(x, y)
        // The link of a card has a pseudo-element over the whole card, so a tap anywhere hits the link.
        return !hit || !target.contains(hit)
      })
      if (isMissed)
        found.push(
          `${target.localName} ${target.textContent?.trim().slice(0, 40)}: ${Math.round(rect.width)} x ${Math.round(rect.height)}`,
        )
    }
    return found
  }, smallest)

for (const [kind, path] of Object.entries(pageKinds))
  test(`${kind}: from ${widths[0]} to ${widths.at(-1)} px, in light and dark, everything is visible and large enough to tap`, async ({
    visit,
  }) => {
    const page = await visit(path)
    for (const width of widths)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 740 })
        const found = {
          clipped: await findClipped(page),
          small: await findSmallTargets(page, smallestTarget),
        }
        expect({ width, colorScheme, ...found }).toEqual({ width, colorScheme, clipped: [], small: [] })
      }
  })

test('no list of cards, of any length and at any width, ends with one card alone beside empty space', async ({
  visit,
}) => {
  const page = await visit('/')
  for (const width of widths) {
    await page.setViewportSize({ width, height: 740 })
    const found = await page.evaluate(() => {
      const found: string[] = []
      const list = document.querySelector('.cards')
      const card = list?.querySelector('.card')
      if (!list || !card) throw new Error('The page has no cards')
      for (let length = 2; length <= 24; length++) {
        list.replaceChildren(...Array.from({ length }, () => card.cloneNode(true)))
        const boxes = [...list.children].map((each) => each.getBoundingClientRect())
        const bottom = boxes.at(-1)
        const row = boxes.filter(({ top }) => top === bottom?.top)
        const fills = bottom && bottom.width > list.clientWidth - 1
        if (row.length === 1 && !fills) found.push(`${length} cards`)
        const picture = list.querySelector('.card:last-child .frame')?.getBoundingClientRect()
        const other = list.querySelector('.frame')?.getBoundingClientRect()
        if (!picture || !other || Math.abs(picture.width - other.width) > 1)
          found.push(`${length} cards: the last picture has ${picture?.width} px, the first ${other?.width}`)
      }
      return found
    })
    expect({ width, found }).toEqual({ width, found: [] })
  }
})

test('the first screen of a tablet shows a product with its picture, title, price and stock', async ({
  visit,
}) => {
  const page = await visit('/p/2')
  for (const [width, height] of [
    [600, 960],
    [768, 1024],
    [834, 1112],
    [1024, 768],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const selector of ['.gallery .frame', 'h1', '.facts .price', '.facts .stock']) {
      const box = await page.locator(selector).first().boundingBox()
      // The closed bar of the inspector covers the end of the screen.
      expect((box?.y ?? 0) + (box?.height ?? 0), `${selector} at ${width} px`).toBeLessThan(height - 44)
    }
  }
})
