/**
 * Converts HTML to plain text: drops the tags, puts paragraphs and list items on lines of their own, and decodes
 * entities. Runs in time proportional to the length of any input. Escape the result before you show it in HTML.
 */
export function toPlainText(html: string): string {
  let text = ''
  let hidden: string | undefined
  for (const [part] of html.matchAll(/<!--(?:(?!-->)[^<])*-->|<[^<>]*>|[^<]+|</g)) {
    const [, end, name] = /^<(\/?)([a-z][a-z0-9]*)/i.exec(part) ?? []
    const tag = name?.toLowerCase()
    if (hidden) {
      if (end && tag === hidden) hidden = undefined
    } else if (!end && (tag === 'script' || tag === 'style')) hidden = tag
    else if (part.startsWith('<') && part.endsWith('>') && part.length > 1)
      text += breaksLine(tag) ? '\n' : ''
    else text += decode(part).replace(/\s+/g, ' ')
  }
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n')
}

const breaksLine = (tag: string | undefined) =>
  tag !== undefined && /^(br|p|div|li|ul|ol|h[1-6]|tr|table|section|article|blockquote|pre|hr)$/.test(tag)

const namedEntities: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', shy: '' },
  ...{ ndash: '–', mdash: '—', hellip: '…', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', bull: '•' },
  ...{ copy: '©', reg: '®', trade: '™', deg: '°', times: '×', euro: '€', pound: '£', cent: '¢', yen: '¥' },
}

/** Decodes the entities in a text. Leaves an unknown entity unchanged. */
const decode = (text: string) =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name) return Object.hasOwn(namedEntities, name) ? (namedEntities[name] ?? whole) : whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    // A control character or half of a surrogate pair becomes a space.
    const isText = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && code >= 0x20 && code !== 0x7f
    return isText ? String.fromCodePoint(code) : ' '
  })
