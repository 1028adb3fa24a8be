import { describe, expect, it, test } from 'vitest'
import { elementsOf, pageOf } from './htmlOf.ts'

const page = (inside: string, head = '') =>
  `<!doctype html>\n<html lang="en">\n<head>\n<title>Cups &#38; more</title>\n${head}</head>\n<body>\n<main>${inside}</main>\n</body>\n</html>\n`

it('reads the elements of a page in their order, with their attributes and what they say', () => {
  const data = '<script type="application/ld+json">{"a":"&lt;"}</script>\n'
  const {
    elements,
    title,
    texts,
    data: read,
    attribute,
  } = pageOf(page('<p id="a">x <b>&#60;</b>\n y</p>', data))
  expect(elements.map(({ name }) => name)).toEqual([
    'html',
    'head',
    'title',
    'script',
    'body',
    'main',
    'p',
    'b',
  ])
  expect(title).toBe('Cups & more')
  expect(texts('p')).toEqual(['x < y'])
  expect(elements.find(({ name }) => name === 'p')?.own).toBe('x \n y')
  expect(elements.find(({ name }) => name === 'head')?.text).not.toContain('lt')
  expect(attribute('p', 'id')).toEqual(['a'])
  expect(read).toEqual({ a: '&lt;' })
})

test('white space after the body is no fault, wherever it begins', () => {
  expect(elementsOf(page('<p></p>').replace('\n</body>', '</body>'))).toHaveLength(6)
})

describe('refuses what a browser would repair', () => {
  const faults: [string, string][] = [
    ['an attribute twice', '<p id="a" id="b">x</p>'],
    ['attributes without a space', '<p id="a"class="b">x</p>'],
    ['a bare &', '<p>a & b</p>'],
    ['a named reference', '<p>a &lt; b</p>'],
    ['a bare & in an attribute', '<p id="a&b">x</p>'],
    ['a bare <', '<p>a < b</p>'],
    ['a reference to a control character', '<p>&#128;</p>'],
    ['an element that is not closed', '<p>x'],
    ['an element whose end is optional', '<ul><li>a<li>b</ul>'],
    ['the end of an element that was not begun', 'x</b>'],
    ['ends in the wrong order', '<b><i>x</b></i>'],
    ['an element that ends its parent', '<p><ul></ul></p>'],
    ['a link in a link', '<a><a>x</a></a>'],
    ['a form in a form', '<form><form></form></form>'],
    ['a text that a table casts out', '<table>x<tbody></tbody></table>'],
    ['an element that a table casts out', '<table><tbody><p>x</p></tbody></table>'],
    ['an element that a table adds', '<table><tr><td>x</td></tr></table>'],
    ['a second body', '<body class="b">x'],
    ['a second head', '<head></head>'],
    ['a comment', '<!-- x -->'],
    ['a script that never ends', '<script>x'],
    ['a < in a script', '<script>"<b>"</script>'],
  ]
  it.each(faults)('%s', (_, inside) => {
    expect(() => elementsOf(page(inside))).toThrow(/ at \d+: /)
  })

  it.each([
    '',
    'x',
    '<html lang="en"></html>',
    page('').replace('<head>\n', ''),
    page('').replace('</html>', ''),
  ])('no whole document: %j', (text) => {
    expect(() => elementsOf(text)).toThrow(/ at \d+: /)
  })
})
