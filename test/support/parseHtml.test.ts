import { describe, expect, it, test } from 'vitest'
import { parseElements, parsePage } from './parseHtml.ts'

const page = (inside: string, head = '') =>
  `<!doctype html>\n<html lang="en">\n<head>\n<title>Cups &#38; more</title>\n${head}</head>\n<body>\n<main>${inside}</main>\n</body>\n</html>\n`

it('reads the elements of a page in document order, with their attributes and texts', () => {
  const data = '<script type="application/ld+json">{"a":"&lt;"}</script>\n'
  const {
    elements,
    title,
    texts,
    data: read,
    attribute,
  } = parsePage(page('<p id="a">x <b>&#60;</b>\n y</p>', data))
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
  expect(elements.find(({ name }) => name === 'p')?.ownText).toBe('x \n y')
  expect(elements.find(({ name }) => name === 'head')?.text).not.toContain('lt')
  expect(attribute('p', 'id')).toEqual(['a'])
  expect(read).toEqual({ a: '&lt;' })
})

test('white space at the end of the body is allowed, before or after the end tag of the body', () => {
  expect(parseElements(page('<p></p>').replace('\n</body>', '</body>'))).toHaveLength(6)
})

describe('refuses a page that a browser would repair:', () => {
  const faults: [string, string][] = [
    ['an attribute twice', '<p id="a" id="b">x</p>'],
    ['attributes without a space', '<p id="a"class="b">x</p>'],
    ['an unescaped &', '<p>a & b</p>'],
    ['a named reference', '<p>a &lt; b</p>'],
    ['an unescaped & in an attribute', '<p id="a&b">x</p>'],
    ['an unescaped <', '<p>a < b</p>'],
    ['a reference to a control character', '<p>&#128;</p>'],
    ['an element without an end tag', '<p>x'],
    ['an element with an optional end tag', '<ul><li>a<li>b</ul>'],
    ['an end tag without a start tag', 'x</b>'],
    ['end tags in the wrong order', '<b><i>x</b></i>'],
    ['an element that closes its parent', '<p><ul></ul></p>'],
    ['a link in a link', '<a><a>x</a></a>'],
    ['a form in a form', '<form><form></form></form>'],
    ['text that a browser moves out of a table', '<table>x<tbody></tbody></table>'],
    ['an element that a browser moves out of a table', '<table><tbody><p>x</p></tbody></table>'],
    ['an element that a browser adds to a table', '<table><tr><td>x</td></tr></table>'],
    ['a second body', '<body class="b">x'],
    ['a second head', '<head></head>'],
    ['a comment', '<!-- x -->'],
    ['a script without an end tag', '<script>x'],
    ['a < in a script', '<script>"<b>"</script>'],
  ]
  it.each(faults)('%s', (_, inside) => {
    expect(() => parseElements(page(inside))).toThrow(/ at \d+: /)
  })

  it.each([
    '',
    'x',
    '<html lang="en"></html>',
    page('').replace('<head>\n', ''),
    page('').replace('</html>', ''),
  ])('an incomplete document: %j', (text) => {
    expect(() => parseElements(text)).toThrow(/ at \d+: /)
  })
})
