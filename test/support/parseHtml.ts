import { defaultTreeAdapter, parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'

/** An element of a page. */
export interface Element {
  name: string
  attributes: Map<string, string>
  /** All text inside the element, decoded. The text of a script belongs only to the script, because it is not visible. */
  text: string
  /** The text directly inside the element, without that of its child elements. */
  ownText: string
}

const { isDocumentTypeNode, isElementNode, isTextNode } = defaultTreeAdapter
/** The elements without an end tag that the storefront uses. */
const voidElements = new Set(['meta', 'link', 'img', 'input'])

/**
 * Parses a page as a browser does, and returns its elements in document order. A browser accepts any text: it adds,
 * closes, moves and drops elements, mostly without an error. This function accepts only a page that needs no such repair:
 * each tag of the text must be at its place in the tree. The templates of the storefront write only numeric character
 * references, so any other `&` or `<` is unescaped data.
 *
 * @throws {Error} with the position of the first fault
 */
export function parseElements(page: string): Element[] {
  const fault = (message: string, at: number) => new Error(`${message} at ${at}: ${page.slice(at, at + 60)}`)
  const document = parse(page, {
    sourceCodeLocationInfo: true,
    onParseError({ code, startOffset }) {
      throw fault(code, startOffset)
    },
  })
  const elements: Element[] = []
  let position = 0
  /** Advances to the next part of the tree. Only text may come before it. */
  const advance = (from: number, to = from) => {
    if (from < position) throw fault('A moved element', from)
    const tag = page.slice(position, from).indexOf('<')
    if (tag >= 0) throw fault('A tag that is not in the tree', position + tag)
    position = to
  }
  const checkReferences = (from: number, to: number) => {
    const bare = page.slice(from, to).search(/&(?!#\d+;)/)
    if (bare >= 0) throw fault('An unescaped &', from + bare)
  }
  const visit = (parent: Tree.ParentNode, open: Element[]) => {
    for (const node of parent.childNodes) {
      const location = node.sourceCodeLocation
      if (!location) throw fault(`An added ${node.nodeName}`, position)
      const { startOffset: start, endOffset: end } = location
      const innermost = open.at(-1)
      if (isTextNode(node)) {
        // A browser moves white space after the body into the body.
        if (node.value.trim()) advance(start)
        if (innermost) innermost.ownText += node.value
        if (innermost?.name === 'script') innermost.text += node.value
        else {
          checkReferences(start, end)
          for (const each of open) each.text += node.value
        }
      } else if (isElementNode(node)) {
        const { startTag, endTag } = node.sourceCodeLocation ?? {}
        if (!startTag) throw fault(`An added ${node.nodeName}`, start)
        advance(start, startTag.endOffset)
        checkReferences(start, startTag.endOffset)
        const attributes = new Map(node.attrs.map(({ name, value }) => [name, value]))
        const element: Element = { name: node.tagName, attributes, text: '', ownText: '' }
        elements.push(element)
        if (voidElements.has(element.name)) continue
        visit(node, [...open, element])
        if (!endTag) throw fault('An element without an end tag', start)
        advance(endTag.startOffset, endTag.endOffset)
      } else if (isDocumentTypeNode(node)) advance(start, end)
    }
  }
  visit(document, [])
  advance(page.length)
  return elements
}

/** Parses a page, and returns functions that find its elements, its links and its data for browsers and search engines. */
export function parsePage(page: string) {
  const elements = parseElements(page)
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
    /** Returns the text of all elements of this name, with white space collapsed. */
    texts: (name: string) => all(name).map(({ text }) => text.replaceAll(/\s+/g, ' ').trim()),
    title: all('title')[0]?.text,
    data: data && JSON.parse(data.text),
  }
}
