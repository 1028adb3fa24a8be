import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { importThread } from '../../support/importing.ts'
import { test } from '../../support/visit.ts'
import { waitForPictures } from '../../support/vitals.ts'

/** A script that would show a dialog if it ran. */
const script = '<script>document.title = alert("ran")</script>'
const image = '<img src=x onerror=alert(1)>'
const quotes = `"'><svg onload=alert(1)>' onfocus=alert(1) autofocus x="`
const rightToLeft = 'קומקום נחושת 12 יחידות!'
/** Reverses the direction of the following text, without an end mark. */
const override = '\u202egnihtyreve snrut'
const emoji = '👩🏽‍🚀🏳️‍🌈👨‍👩‍👧‍👦'
// In normal form C, because the catalogue stores texts in it.
const combining = `Z${'\u0351\u0325'.repeat(30)}a`.normalize('NFC')
const template = '${7*7} {{7*7}} !${x} </title></style></textarea>-->]]>'

const longest = 5000
/** Each text has the maximum length of a review. Other fields get its beginning. */
const hostile = Object.entries({
  script: `${script}${image} `,
  quotes: `${quotes} ${template} `,
  'right to left': `${rightToLeft} `,
  'override of directions': `${override} `,
  emoji,
  'combining marks': combining,
  unbroken: 'Unbroken',
}).map(([kind, text]) => [kind, text.repeat(Math.ceil(longest / text.length))] as const)

/** Cuts a text to a length, between two graphemes. */
function truncate(text: string, length: number): string {
  let end = 0
  for (const { index, segment } of new Intl.Segmenter().segment(text.slice(0, length + 100)))
    if (index + segment.length <= length) end = index + segment.length
  return text.slice(0, end)
}

const price = { amount: 1000, currency: 'EUR' }
/** Returns a product with the text in every field, mostly at the maximum length. */
const productWith = (category: string, text: (length: number) => string) => ({
  ...{ title: text(300), brand: text(200), category, price },
  description: text(longest),
  variants: [1, 2].map((n) => ({
    ...{ sku: `${n} ${text(90)}`, price, stock: n },
    options: { [text(100)]: text(200), size: text(200) },
  })),
  images: [{ url: '/pictures/perch-stool.svg', alt: text(500) }],
  tags: [text(100)],
  attributes: { [text(100)]: text(2000), plain: text(2000) },
})

/** Finds texts that overflow their block or the screen, and horizontal scrolling. */
const findOverflow = (page: Page) =>
  page.evaluate(() => {
    const found: string[] = []
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth > clientWidth) found.push(`scrolls to ${scrollWidth} px`)
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      let block = node.parentElement
      if (!block || !node.textContent?.trim() || block.closest('script, .hidden, .skip')) continue
      while (block.parentElement && getComputedStyle(block).display.startsWith('inline'))
        block = block.parentElement
      // A text with an ellipsis is clipped, so it cannot overflow.
      if (getComputedStyle(block).overflowX === 'hidden') continue
      const { left, right } = block.getBoundingClientRect()
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const rect of range.getClientRects())
        if (rect.left < left - 1 || rect.right > right + 1 || rect.right > clientWidth)
          found.push(`${node.textContent.slice(0, 40)} in ${block.localName}.${block.className}`)
    }
    return [...new Set(found)]
  })

/** Finds elements that show the text without isolating its direction, and counts all elements that show it. */
const findUnisolated = (page: Page, text: string) =>
  page.evaluate((text) => {
    const found: string[] = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    let count = 0
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement
      if (!node.textContent?.includes(text) || !element || element.localName === 'script') continue
      count++
      const { unicodeBidi } = getComputedStyle(element)
      if (!/isolate|plaintext/.test(unicodeBidi) || !(element.dir === 'auto' || element.localName === 'bdi'))
        found.push(`${element.localName}.${element.className}: ${unicodeBidi}, dir=${element.dir}`)
    }
    return { found, count }
  }, text)

for (const [kind, text] of hostile)
  test(`${kind}: no script runs, no text overflows, and the texts around it keep their order`, async ({
    shop,
    visit,
    pageErrors,
  }) => {
    const id = kind.replaceAll(' ', '-')
    const cut = (length: number) => truncate(text, length)
    // A category of its own, because listings are updated a little later than products.
    const category = `desk/${id}`
    const product = productWith(category, cut)
    await shop.put(id, product)
    // Imported, because a post refuses some of these texts as an author.
    const thread = { title: cut(300), body: cut(longest), author: cut(200) }
    await importThread(shop.services, id, product, thread)

    const page = await visit('/', { viewport: { width: 360, height: 740 } })
    for (const path of [`/c/${category}`, `/p/${id}`]) {
      await page.goto(path)
      expect(await page.locator('h1, .card a').allTextContents()).toContain(cut(300))
      expect({ path, overflow: await findOverflow(page) }).toEqual({ path, overflow: [] })
    }
    expect(await page.title()).toContain(cut(300).trim().replaceAll(/\s+/g, ' '))
    expect(await page.locator('main h1').textContent()).toBe(cut(300))
    expect(await page.locator('.review .text').allTextContents()).toEqual([cut(longest), cut(longest)])
    expect(await page.locator('.gallery img').getAttribute('alt')).toBe(cut(500))
    const { found, count } = await findUnisolated(page, cut(90))
    expect(found).toEqual([])
    // The title, breadcrumb, brand, description, options, attributes, tag, and the reviews' titles, bodies and authors.
    expect(count).toBeGreaterThanOrEqual(14)
    // As with any other text, the date follows the author, and the price and the stock follow the option.
    const isInOrder = await page.evaluate(() => {
      const follows = (before: Element | null, after: Element | null) => {
        const [from, to] = [before && [...before.getClientRects()].at(-1), after?.getClientRects()[0]]
        return from && to ? to.left >= from.right - 1 || to.top >= from.bottom - 2 : undefined
      }
      const inOrder = (selector: string, ...[first = '', second = '']: string[]) =>
        [...document.querySelectorAll(selector)].map((row) =>
          follows(row.querySelector(first), row.querySelector(second)),
        )
      return [
        ...inOrder('.review .quiet', 'bdi', 'time'),
        ...inOrder('.offers tbody tr', 'th', 'td:nth-child(2)'),
        ...inOrder('.offers tbody tr', 'td:nth-child(2)', 'td:nth-child(3)'),
      ]
    })
    expect(isInOrder).toEqual(Array(6).fill(true))
    await waitForPictures(page)
    expect(pageErrors).toEqual([])
  })
