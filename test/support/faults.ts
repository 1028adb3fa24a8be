/// <reference lib="dom" />
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds on a page, all of its rules, and where. */
export async function faults(page: Page): Promise<{ id: string; help: string; where: string[] }[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate((): Promise<axe.AxeResults> => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') }
    return axe.run(document)
  })
  return violations.map(({ id, help, nodes }) => ({
    ...{ id, help },
    where: nodes.map(({ html }) => html.slice(0, 120)),
  }))
}
