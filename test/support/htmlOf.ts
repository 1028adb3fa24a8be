import { defaultTreeAdapter, parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'

/** An element of a page, in the order of the document. */
export interface Element {
  name: string
  attributes: Map<string, string>
  /** All text in it and below it, its references decoded. That of a script is not seen, and stands in it alone. */
  text: string
  /** The text right in it. */
  own: string
}

const { isDocumentTypeNode, isElementNode, isTextNode } = defaultTreeAdapter
/** Those of HTML's elements without an end that the storefront has. */
const empty = new Set(['meta', 'link', 'img', 'input'])

/**
 * Reads a page as a browser does, and holds it to being what it seems. A browser takes any text: it adds, closes,
 * moves and leaves out elements, and says so for few of them. So each tag of the page has to be one of the tree, in
 * its place; and as the storefront's templates write nothing but numeric references, another `&` or a `<` is a text
 * that nobody has escaped.
 *
 * @throws {Error} with the place
 */
export function elementsOf(page: string): Element[] {
  const fault = (what: string, at: number) => new Error(`${what} at ${at}: ${page.slice(at, at + 60)}`)
  const document = parse(page, {
    sourceCodeLocationInfo: true,
    onParseError({ code, startOffset }) {
      throw fault(code, startOffset)
    },
  })
  const elements: Element[] = []
  let at = 0
  /** Goes on to what the tree has next: only text may stand before it. */
  const pass = (from: number, to = from) => {
    if (from < at) throw fault('Moved', from)
    const tag = page.slice(at, from).indexOf('<')
    if (tag >= 0) throw fault('Not in the tree', at + tag)
    at = to
  }
  const references = (from: number, to: number) => {
    const bare = page.slice(from, to).search(/&(?!#\d+;)/)
    if (bare >= 0) throw fault('A bare &', from + bare)
  }
  const visit = (parent: Tree.ParentNode, open: Element[]) => {
    for (const node of parent.childNodes) {
      const place = node.sourceCodeLocation
      if (!place) throw fault(`Not written: ${node.nodeName}`, at)
      const { startOffset: start, endOffset: end } = place
      const inner = open.at(-1)
      if (isTextNode(node)) {
        // A browser puts the white space after the body into it.
        if (node.value.trim()) pass(start)
        if (inner) inner.own += node.value
        if (inner?.name === 'script') inner.text += node.value
        else {
          references(start, end)
          for (const each of open) each.text += node.value
        }
      } else if (isElementNode(node)) {
        const { startTag, endTag } = node.sourceCodeLocation ?? {}
        if (!startTag) throw fault('Not written', start)
        pass(start, startTag.endOffset)
        references(start, startTag.endOffset)
        const attributes = new Map(node.attrs.map(({ name, value }) => [name, value]))
        const element: Element = { name: node.tagName, attributes, text: '', own: '' }
        elements.push(element)
        if (empty.has(element.name)) continue
        visit(node, [...open, element])
        if (!endTag) throw fault('Not closed', start)
        pass(endTag.startOffset, endTag.endOffset)
      } else if (isDocumentTypeNode(node)) pass(start, end)
    }
  }
  visit(document, [])
  pass(page.length)
  return elements
}

/** What browsers and search engines are told beside what is seen. */
export function pageOf(page: string) {
  const elements = elementsOf(page)
  const all = (name: string) => elements.filter((element) => element.name === name)
  const attribute = (name: string, key: string) => all(name).map(({ attributes }) => attributes.get(key))
  const data = elements.find(({ attributes }) => attributes.get('type') === 'application/ld+json')
  const meta = (name: string) =>
    all('meta')
      .find(({ attributes }) => attributes.get('name') === name || attributes.get('property') === name)
      ?.attributes.get('content')
  const link = (rel: string) =>
    elements.find(({ attributes }) => attributes.get('rel') === rel)?.attributes.get('href')
  return {
    elements,
    all,
    attribute,
    meta,
    link,
    /** What stands in all elements of this name, white space as one. */
    texts: (name: string) => all(name).map(({ text }) => text.replaceAll(/\s+/g, ' ').trim()),
    title: all('title')[0]?.text,
    data: data && JSON.parse(data.text),
  }
}
