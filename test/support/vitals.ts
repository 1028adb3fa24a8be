/// <reference lib="dom" />
import type { Page } from 'playwright-core'

/** An entry of the Layout Instability API, which TypeScript's own types do not include. */
interface LayoutShift extends PerformanceEntry {
  value: number
  sources: { node: Element | null }[]
}

/** Returns the sum of all layout shifts since the page loaded, 0 without any, and the elements that moved. */
export const layoutShift = (page: Page): Promise<{ sum: number; moved: string[] }> =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const kind = 'layout-shift'
        if (!PerformanceObserver.supportedEntryTypes.includes(kind))
          throw new Error(`This browser does not report ${kind}`)
        const entries: LayoutShift[] = []
        const observer = new PerformanceObserver((list) =>
          entries.push(...(list.getEntries() as LayoutShift[])),
        )
        observer.observe({ type: kind, buffered: true })
        // The buffered entries arrive immediately, but not synchronously.
        setTimeout(
          () =>
            resolve({
              sum: entries.reduce((sum, { value }) => sum + value, 0),
              moved: entries.flatMap(({ sources }) =>
                sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? 'a removed element'),
              ),
            }),
          200,
        )
      }),
  )

/**
 * Returns when the largest element in the viewport was painted, ms since the request for the page, and the element. Call
 * it before any scrolling, because Chromium stops measuring then. Chromium also ignores pictures with few bytes for their
 * size, such as drawings: see {@link lastPicture}.
 *
 * @throws {Error} if nothing was painted for 5 s
 */
export const largestPaint = (page: Page): Promise<{ ms: number; what: string }> =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        let last: LargestContentfulPaint | undefined
        new PerformanceObserver((list) => {
          // A later frame may paint a larger element.
          if (!last)
            setTimeout(
              () => resolve({ ms: last?.startTime ?? 0, what: last?.element?.outerHTML.slice(0, 80) ?? '' }),
              300,
            )
          last = list.getEntries().at(-1) as LargestContentfulPaint
        }).observe({ type: 'largest-contentful-paint', buffered: true })
        setTimeout(() => reject(new Error('Nothing was painted for 5 s')), 5000)
      }),
  )

/** Returns when the last picture in the viewport had loaded, ms since the request for the page. 0 without pictures. */
export const lastPicture = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const ends: number[] = []
    for (const image of document.images) {
      if (!image.checkVisibility() || image.getBoundingClientRect().top >= innerHeight) continue
      await image.decode()
      const [timing] = performance.getEntriesByName(image.currentSrc, 'resource')
      if (timing instanceof PerformanceResourceTiming) ends.push(timing.responseEnd)
    }
    return Math.max(0, ...ends)
  })

/** Waits until all visible pictures have loaded or failed. */
export const waitForPictures = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const shown = [...document.images].filter((image) => image.checkVisibility())
    // Missing pictures are the subject of other tests.
    await Promise.all(shown.map((image) => image.decode().catch(() => {})))
  })

/** Scrolls to the end of the page at the pace of a reader, for up to 10 s. */
export async function scrollToEnd(page: Page): Promise<void> {
  const deadline = Date.now() + 10_000
  const atEnd = () => page.evaluate(() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1)
  await page.locator('footer').waitFor()
  while (!(await atEnd()) && Date.now() < deadline) {
    await page.mouse.wheel(0, 300)
    await page.waitForTimeout(50)
  }
}
