import { readdirSync, readFileSync } from 'node:fs'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { sampleFile } from '../../lib/local/seed.ts'

const directory = new URL('../../lib/storefront/pictures/', import.meta.url)
const files = readdirSync(directory).sort()
const sample: { id: string; images: { url: string; alt: string }[] }[] = JSON.parse(
  readFileSync(sampleFile, 'utf8'),
)
const images = sample.flatMap(({ images }) => images)

interface Element {
  name: string
  attributes: Map<string, string>
  text: string
}

/** Parts of an XML document that a picture in an HTML page must not have. */
const forbiddenEvents = ['xmldecl', 'doctype', 'processinginstruction', 'comment', 'cdata'] as const

/**
 * Parses a picture into its elements, in document order.
 *
 * @throws {Error} with the position, if the picture is not well-formed or has more than elements and text
 */
function parseElements(xml: string): Element[] {
  const elements: Element[] = []
  const open: Element[] = []
  const parser = new SaxesParser()
  for (const event of forbiddenEvents) parser.on(event, () => parser.fail(`has ${event}.`))
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

/** The allowed elements. None of them runs a script, loads a file, sets a style, animates or shows text. */
const allowedElements = ['svg', 'title', 'g', 'path', 'rect', 'circle', 'ellipse']
/**
 * The allowed attributes, in lower case because HTML ignores the case. `style`, `href` and event handlers such as
 * `onload` are not among them.
 */
const allowedAttributes =
  /^(xmlns|viewbox|id|d|x|y|c[xy]|r[xy]?|width|height|fill|opacity|transform|stroke(-width|-linecap|-linejoin|-dasharray)?)$/

/** Returns why a picture is not allowed. The reasons are the strict Content-Security-Policy, or a broken drawing. */
function findFaults(xml: string): string[] {
  const elements = parseElements(xml)
  const [root, title] = elements
  const faults: string[] = []
  if (Buffer.byteLength(xml) > 3 * 1024) faults.push('more than 3 KB')
  if (root?.name !== 'svg' || root.attributes.get('xmlns') !== 'http://www.w3.org/2000/svg')
    faults.push('no SVG')
  if (root?.attributes.get('viewBox') !== '0 0 480 480') faults.push('another size')
  if (title?.name !== 'title' || title.text.trim().length < 5) faults.push('no title')
  for (const { name, attributes } of elements) {
    if (!allowedElements.includes(name)) faults.push(`element ${name}`)
    for (const [key, value] of attributes) {
      if (!allowedAttributes.test(key.toLowerCase())) faults.push(`attribute ${key}`)
      if (/url *\(|script:/i.test(value)) faults.push(`reference ${value}`)
      if (/NaN|undefined|Infinity/.test(value)) faults.push(`no number in ${key}`)
    }
  }
  return faults
}

describe.each(files)('%s', (file) => {
  it('is a small well-formed picture of plain shapes, with a title', () => {
    expect(file).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.svg$/)
    expect(findFaults(readFileSync(new URL(file, directory), 'utf8'))).toEqual([])
  })
})

it('every product of the sample has a picture, and every picture has its own alternative text', () => {
  for (const { id, images } of sample) expect(images.length, `product ${id}`).toBeGreaterThan(0)
  for (const { url, alt } of images) expect(alt.length, url).toBeGreaterThan(10)
  expect(new Set(images.map(({ alt }) => alt)).size).toBe(images.length)
})

it('the pictures are exactly those that the products of the sample name', () => {
  expect(images.map(({ url }) => url).sort()).toEqual(files.map((file) => `/pictures/${file}`).sort())
})

it('no two elements of the pictures share an id, so one page can contain several pictures', () => {
  const ids = files.flatMap((file) =>
    parseElements(readFileSync(new URL(file, directory), 'utf8')).flatMap(
      ({ attributes }) => attributes.get('id') ?? [],
    ),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

describe('the check', () => {
  const picture = (inside: string, attributes = '') =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480"${attributes}><title>A thing</title>${inside}</svg>\n`

  it('accepts a plain picture', () => {
    expect(findFaults(picture(`<g fill="#fff"><path d='M0 0h9'/></g>`))).toEqual([])
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
  ])('fails to parse %s', (inside) => {
    expect(() => findFaults(picture(inside))).toThrow(/^\d+:\d+: /)
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
    expect(findFaults(picture(inside))).toContain(fault)
  })

  it('reports a missing title and a wrong size', () => {
    expect(findFaults('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/></svg>')).toEqual([
      'another size',
      'no title',
    ])
  })
})
