/// <reference lib="dom" />
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** Runs all rules of axe on a page. Returns each violation with the elements that it affects. */
export async function axeViolations(page: Page): Promise<{ id: string; help: string; where: string[] }[]> {
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
