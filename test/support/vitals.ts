/// <reference lib="dom" />
import type { Page } from 'playwright-core'

/** An entry of the Layout Instability API, which TypeScript's own types do not know. */
interface LayoutShift extends PerformanceEntry {
  value: number
  sources: { node: Element | null }[]
}

/** How far what is seen has moved since the page began, and what moved: all shifts together, 0 where nothing did. */
export const layoutShift = (page: Page): Promise<{ sum: number; moved: string[] }> =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const kind = 'layout-shift'
        if (!PerformanceObserver.supportedEntryTypes.includes(kind)) throw new Error(`No ${kind} here`)
        const entries: LayoutShift[] = []
        const observer = new PerformanceObserver((list) =>
          entries.push(...(list.getEntries() as LayoutShift[])),
        )
        observer.observe({ type: kind, buffered: true })
        // Entries that were there before come at once, but not synchronously.
        setTimeout(
          () =>
            resolve({
              sum: entries.reduce((sum, { value }) => sum + value, 0),
              moved: entries.flatMap(({ sources }) =>
                sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? 'something that is gone'),
              ),
            }),
          200,
        )
      }),
  )

/**
 * When the largest thing that is seen at first was painted, ms since the page was asked for; and what it is. To be asked
 * before anybody scrolls: Chromium counts nothing after that. Nor does it count pictures of few bytes for their size,
 * as drawings are: see {@link lastPicture}.
 */
export const largestPaint = (page: Page): Promise<{ ms: number; what: string }> =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        let last: LargestContentfulPaint | undefined
        new PerformanceObserver((list) => {
          // Something larger may come with one of the next frames.
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

/** When the last picture was there of those that are seen at first, ms since the page was asked for. 0: there is none. */
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

/** Waits until all pictures have come that are not hidden. */
export const picturesCome = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const shown = [...document.images].filter((image) => image.checkVisibility())
    // One that never comes is for others to notice.
    await Promise.all(shown.map((image) => image.decode().catch(() => {})))
  })

/** Scrolls down as one reads, until there is no more; 10 s at most. */
export async function readToTheEnd(page: Page): Promise<void> {
  const deadline = Date.now() + 10_000
  const atEnd = () => page.evaluate(() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1)
  await page.locator('footer').waitFor()
  while (!(await atEnd()) && Date.now() < deadline) {
    await page.mouse.wheel(0, 300)
    await page.waitForTimeout(50)
  }
}
