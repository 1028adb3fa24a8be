/**
 * The text of a piece of HTML: tags dropped, paragraphs and list items on lines of their own, entities decoded.
 * Takes time in proportion to its length, whatever it is given. The result is text, to be escaped by whoever shows it.
 */
export function plainText(html: string): string {
  let text = ''
  let hidden: string | undefined
  for (const [part] of html.matchAll(/<!--(?:(?!-->)[^<])*-->|<[^<>]*>|[^<]+|</g)) {
    const [, end, name] = /^<(\/?)([a-z][a-z0-9]*)/i.exec(part) ?? []
    const tag = name?.toLowerCase()
    if (hidden) {
      if (end && tag === hidden) hidden = undefined
    } else if (!end && (tag === 'script' || tag === 'style')) hidden = tag
    else if (part.startsWith('<') && part.endsWith('>') && part.length > 1) text += breaks(tag) ? '\n' : ''
    else text += decode(part).replace(/\s+/g, ' ')
  }
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n')
}

const breaks = (tag: string | undefined) =>
  tag !== undefined && /^(br|p|div|li|ul|ol|h[1-6]|tr|table|section|article|blockquote|pre|hr)$/.test(tag)

const named: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', shy: '' },
  ...{ ndash: '–', mdash: '—', hellip: '…', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', bull: '•' },
  ...{ copy: '©', reg: '®', trade: '™', deg: '°', times: '×', euro: '€', pound: '£', cent: '¢', yen: '¥' },
}

/** An entity that is not known stays as it is written. */
const decode = (text: string) =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name) return Object.hasOwn(named, name) ? (named[name] ?? whole) : whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    // A control character or half a surrogate pair is no text.
    const usable = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && code >= 0x20 && code !== 0x7f
    return usable ? String.fromCodePoint(code) : ' '
  })
