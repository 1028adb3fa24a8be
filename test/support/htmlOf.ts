/** An element of a page, in the order of the document. */
export interface Element {
  name: string
  attributes: Map<string, string>
  /** All text in it and below it, its references decoded. */
  text: string
  /** The text right in it. */
  own: string
}

const empty = new Set(['meta', 'link', 'img', 'input'])
const attribute = '\\s+([a-z-]+)(?:="([^"]*)")?'
const token = new RegExp(
  `<!doctype html>|<(script) type="application/ld\\+json">([^<]*)</script>|<([a-z][a-z0-9]*)((?:${attribute})*)\\s*>|</([a-z][a-z0-9]*)>|([^<]+)`,
  'gy',
)
const decoded = (text: string) =>
  text.replace(/&#(\d+);|&/g, (_, code) => {
    if (!code) throw new Error(`A bare & in ${text.slice(0, 80)}`)
    return String.fromCodePoint(Number(code))
  })

/**
 * Reads the part of HTML that the storefront keeps to: elements that are closed in order, attributes in double quotes,
 * numeric references.
 *
 * @throws {Error} with the place, for everything else
 */
export function elementsOf(page: string): Element[] {
  const elements: Element[] = []
  const open: Element[] = []
  let at = 0
  while (at < page.length) {
    const fault = (what: string) => new Error(`${what} at ${at}: ${page.slice(at, at + 60)}`)
    token.lastIndex = at
    const match = token.exec(page)
    if (!match) throw fault('No such HTML')
    const [whole, script, data = '', name, given = '', , , closed, text] = match
    if (script)
      elements.push({
        name: script,
        attributes: new Map([['type', 'application/ld+json']]),
        text: data,
        own: data,
      })
    else if (name !== undefined) {
      const pairs = [...given.matchAll(new RegExp(attribute, 'g'))].map(
        ([, key = '', value = '']) => [key, decoded(value)] as const,
      )
      const element = { name, attributes: new Map(pairs), text: '', own: '' }
      if (element.attributes.size < pairs.length) throw fault('Attribute twice')
      elements.push(element)
      if (!empty.has(name)) open.push(element)
    } else if (closed !== undefined) {
      if (open.pop()?.name !== closed) throw fault('Wrong end')
    } else if (text !== undefined) {
      const said = decoded(text)
      for (const each of open) each.text += said
      const inner = open.at(-1)
      if (inner) inner.own += said
    }
    at += whole.length
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.at(-1)?.name}`)
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
