/// <reference lib="dom" />
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Runs all rules of axe on a page. Returns each violation with the elements that it affects. */
async function axeViolations(page: Page): Promise<{ id: string; help: string; where: string[] }[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate((): Promise<axe.AxeResults> => {
    const { axe } = window as typeof window & { axe: typeof import('axe-core') }
    return axe.run(document)
  })
  return violations.map(({ id, help, nodes }) => ({
    ...{ id, help },
    where: nodes.map(({ html }) => html.slice(0, 120)),
  }))
}

/**
 * Expects that axe finds no violation on a page, on narrow and wide screens, in light and dark.
 *
 * @param checkScreen checks what else holds on each of these screens
 */
export async function expectNoViolations(page: Page, checkScreen = async () => {}): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      const violations = await axeViolations(page)
      expect({ colorScheme, width, violations }).toEqual({ colorScheme, width, violations: [] })
      await checkScreen()
    }
}
