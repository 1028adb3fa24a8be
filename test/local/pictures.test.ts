import { readdirSync, readFileSync } from 'node:fs'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { sampleFile } from '../../lib/local/seed.ts'

const folder = new URL('../../lib/storefront/pictures/', import.meta.url)
const files = readdirSync(folder).sort()
const sample: { id: string; images: { url: string; alt: string }[] }[] = JSON.parse(
  readFileSync(sampleFile, 'utf8'),
)
const images = sample.flatMap(({ images }) => images)

interface Element {
  name: string
  attributes: Map<string, string>
  text: string
}

/** What XML allows, and a picture that can stand in a page of HTML does not have. */
const besides = ['xmldecl', 'doctype', 'processinginstruction', 'comment', 'cdata'] as const

/**
 * Reads a picture: its elements, in the order of the document.
 *
 * @throws {Error} with the place, for what is not well-formed or more than elements and text
 */
function elementsOf(xml: string): Element[] {
  const elements: Element[] = []
  const open: Element[] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  for (const event of besides) parser.on(event, () => parser.fail(`has ${event}.`))
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: new Map(Object.entries(attributes)), text: '' }
    elements.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    const inner = open.at(-1)
    if (inner) inner.text += text
  })
  parser.on('closetag', () => open.pop())
  parser.write(xml).close()
  return elements
}

/** Shapes alone: nothing that runs, loads, styles, animates or writes. */
const shapes = ['svg', 'title', 'g', 'path', 'rect', 'circle', 'ellipse']
/** Names in lower case, for a document of HTML takes them in any. `style` and `href` are not among them, nor `onload` and its like. */
const known =
  /^(xmlns|viewbox|id|d|x|y|c[xy]|r[xy]?|width|height|fill|opacity|transform|stroke(-width|-linecap|-linejoin|-dasharray)?)$/

/** What makes the picture unfit for a page with a strict Content-Security-Policy, or for anybody's eyes. */
function faultsOf(xml: string): string[] {
  const elements = elementsOf(xml)
  const [root, title] = elements
  const faults: string[] = []
  if (Buffer.byteLength(xml) > 3 * 1024) faults.push('more than 3 KB')
  if (root?.name !== 'svg' || root.attributes.get('xmlns') !== 'http://www.w3.org/2000/svg')
    faults.push('no SVG')
  if (root?.attributes.get('viewBox') !== '0 0 480 480') faults.push('another size')
  if (title?.name !== 'title' || title.text.trim().length < 5) faults.push('no title')
  for (const { name, attributes } of elements) {
    if (!shapes.includes(name)) faults.push(`element ${name}`)
    for (const [key, value] of attributes) {
      if (!known.test(key.toLowerCase())) faults.push(`attribute ${key}`)
      if (/url *\(|script:/i.test(value)) faults.push(`reference ${value}`)
      if (/NaN|undefined|Infinity/.test(value)) faults.push(`no number in ${key}`)
    }
  }
  return faults
}

describe.each(files)('%s', (file) => {
  it('is a small well-formed picture of plain shapes, with a title', () => {
    expect(file).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.svg$/)
    expect(faultsOf(readFileSync(new URL(file, folder), 'utf8'))).toEqual([])
  })
})

it('gives every product of the sample a picture, each with its own text for those who do not see it', () => {
  for (const { id, images } of sample) expect(images.length, `product ${id}`).toBeGreaterThan(0)
  for (const { url, alt } of images) expect(alt.length, url).toBeGreaterThan(10)
  expect(new Set(images.map(({ alt }) => alt)).size).toBe(images.length)
})

it('has each picture that a product names, and none that no product names', () => {
  expect(images.map(({ url }) => url).sort()).toEqual(files.map((file) => `/pictures/${file}`).sort())
})

it('names no id twice, so that several pictures can stand in one page', () => {
  const ids = files.flatMap((file) =>
    elementsOf(readFileSync(new URL(file, folder), 'utf8')).flatMap(
      ({ attributes }) => attributes.get('id') ?? [],
    ),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

describe('the check itself', () => {
  const picture = (inside: string, attributes = '') =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480"${attributes}><title>A thing</title>${inside}</svg>\n`

  it('takes a plain picture', () => {
    expect(faultsOf(picture(`<g fill="#fff"><path d='M0 0h9'/></g>`))).toEqual([])
  })

  it.each([
    '<g>',
    '</g>',
    '<path d="M0 0" d="M1 1"/>',
    '<path d=M0/>',
    '<path d="a<b"/>',
    'a & b',
    '<![CDATA[x]]>',
    '<!-- x -->',
    '<?xml-stylesheet href="x"?>',
    '&nbsp;',
    '</svg><svg>',
    '</svg><svg/><svg>',
  ])('refuses to read %s', (inside) => {
    expect(() => faultsOf(picture(inside))).toThrow(/^\d+:\d+: /)
  })

  it.each([
    ['<script>alert(1)</script>', 'element script'],
    ['<SCRIPT>alert(1)</SCRIPT>', 'element SCRIPT'],
    ['<style>g{}</style>', 'element style'],
    ['<text>Sale</text>', 'element text'],
    ['<image href="data:image/png;base64,x"/>', 'element image'],
    ['<g xlink:href="https://example.com/x"/>', 'attribute xlink:href'],
    ['<g style="fill:red"/>', 'attribute style'],
    ['<g onclick="x()"/>', 'attribute onclick'],
    ['<g ONLOAD="x()"/>', 'attribute ONLOAD'],
    ['<g fill="url(https://example.com/x)"/>', 'reference url(https://example.com/x)'],
    ['<g fill="&#117;rl(#x)"/>', 'reference url(#x)'],
    [`<path d="${'M0 0'.repeat(800)}"/>`, 'more than 3 KB'],
    ['<path d="M0 NaN"/>', 'no number in d'],
  ])('finds the fault in %.40s', (inside, fault) => {
    expect(faultsOf(picture(inside))).toContain(fault)
  })

  it('misses a title and a size', () => {
    expect(faultsOf('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/></svg>')).toEqual([
      'another size',
      'no title',
    ])
  })
})
