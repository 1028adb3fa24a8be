import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { test } from '../../support/visit.ts'
import { picturesCome } from '../../support/vitals.ts'

/** What a script of somebody else's would do, if one ran. */
const script = '<script>document.title = alert("ran")</script>'
const image = '<img src=x onerror=alert(1)>'
const quotes = `"'><svg onload=alert(1)>' onfocus=alert(1) autofocus x="`
const rightToLeft = 'קומקום נחושת 12 יחידות!'
/** Turns what follows around, and never ends. */
const override = '\u202egnihtyreve snrut'
const emoji = '👩🏽‍🚀🏳️‍🌈👨‍👩‍👧‍👦'
// In the order that normal form C gives them, in which texts are kept.
const combining = `Z${'\u0351\u0325'.repeat(30)}a`.normalize('NFC')
const template = '${7*7} {{7*7}} !${x} </title></style></textarea>-->]]>'

const longest = 5000
/** Each as long as the longest text that a review may have; other places get its beginning. */
const hostile = Object.entries({
  script: `${script}${image} `,
  quotes: `${quotes} ${template} `,
  'right to left': `${rightToLeft} `,
  'override of directions': `${override} `,
  emoji,
  'combining marks': combining,
  unbroken: 'Unbroken',
}).map(([kind, text]) => [kind, text.repeat(Math.ceil(longest / text.length))] as const)

/** The beginning of a text, of whole characters as people see them. */
function beginning(text: string, length: number): string {
  let end = 0
  for (const { index, segment } of new Intl.Segmenter().segment(text.slice(0, length + 100)))
    if (index + segment.length <= length) end = index + segment.length
  return text.slice(0, end)
}

const price = { amount: 1000, currency: 'EUR' }
/** A product with one text everywhere, in most places as long as may be. */
const product = (category: string, text: (length: number) => string) => ({
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

/** Texts that reach out of the block they stand in or of the screen, and any scrolling to the side. */
const escaped = (page: Page) =>
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
      // What is shortened by dots is cut off, and by no means outside.
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

/** Elements whose own text came from a writer and could change the order of what stands beside them. */
const unisolated = (page: Page, text: string) =>
  page.evaluate((text) => {
    const found: string[] = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    let seen = 0
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement
      if (!node.textContent?.includes(text) || !element || element.localName === 'script') continue
      seen++
      const { unicodeBidi } = getComputedStyle(element)
      if (!/isolate|plaintext/.test(unicodeBidi) || !(element.dir === 'auto' || element.localName === 'bdi'))
        found.push(`${element.localName}.${element.className}: ${unicodeBidi}, dir=${element.dir}`)
    }
    return { found, seen }
  }, text)

for (const [kind, text] of hostile)
  test(`${kind}: nothing runs, no text leaves its place, and what stands around it stays`, async ({
    shop,
    visit,
    troubles,
  }) => {
    const id = kind.replaceAll(' ', '-')
    const cut = (length: number) => beginning(text, length)
    // Its own: listings follow the products a little late.
    const category = `desk/${id}`
    await shop.put(id, product(category, cut))
    const { id: parentId } = await shop.review(id, {
      rating: 2,
      title: cut(300),
      body: cut(longest),
      author: cut(200),
    })
    await shop.review(id, { parentId, body: cut(longest), author: cut(200) })

    const page = await visit('/', { viewport: { width: 360, height: 740 } })
    for (const path of [`/c/${category}`, `/p/${id}`]) {
      await page.goto(path)
      expect(await page.locator('h1, .card a').allTextContents()).toContain(cut(300))
      expect({ path, escaped: await escaped(page) }).toEqual({ path, escaped: [] })
    }
    expect(await page.title()).toContain(cut(300).trim().replaceAll(/\s+/g, ' '))
    expect(await page.locator('main h1').textContent()).toBe(cut(300))
    expect(await page.locator('.review .text').allTextContents()).toEqual([cut(longest), cut(longest)])
    expect(await page.locator('.gallery img').getAttribute('alt')).toBe(cut(500))
    const { found, seen } = await unisolated(page, cut(90))
    expect(found).toEqual([])
    // Title, crumb, brand, description, options, attributes, tag, reviews with their titles and authors.
    expect(seen).toBeGreaterThanOrEqual(14)
    // As beside any text: after the author the day, and after an option its price and its stock.
    const order = await page.evaluate(() => {
      const follows = (before: Element | null, after: Element | null) => {
        const [from, to] = [before && [...before.getClientRects()].at(-1), after?.getClientRects()[0]]
        return from && to ? to.left >= from.right - 1 || to.top >= from.bottom - 2 : undefined
      }
      const inOrder = (selector: string, ...[first = '', second = '']: string[]) =>
        [...document.querySelectorAll(selector)].map((of) =>
          follows(of.querySelector(first), of.querySelector(second)),
        )
      return [
        ...inOrder('.review .quiet', 'bdi', 'time'),
        ...inOrder('.offers tbody tr', 'th', 'td:nth-child(2)'),
        ...inOrder('.offers tbody tr', 'td:nth-child(2)', 'td:nth-child(3)'),
      ]
    })
    expect(order).toEqual(Array(6).fill(true))
    await picturesCome(page)
    expect(troubles).toEqual([])
  })
