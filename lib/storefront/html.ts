import { html as tag } from 'ghtml'

declare const brand: unique symbol

/** HTML that a function of this file produced. At run time it is a string; the type keeps it apart from data. */
export interface Html {
  readonly [brand]: 'html'
}

/** HTML that a template inserts without escaping. Only {@link trusted} makes it. */
interface Trusted {
  readonly [brand]: 'trusted'
}

/**
 * Renders a template. `${data}` is escaped for text and for double-quoted attributes. `!${trusted(html)}` inserts HTML
 * from other templates. Nothing else avoids the escaping, and the type of `trusted` accepts only {@link Html}.
 * `undefined` renders as nothing. Backslashes are literal.
 */
export const html: (
  literals: TemplateStringsArray,
  ...data: (string | number | undefined | Trusted)[]
) => Html = (literals, ...data) => branded(tag(literals, ...data))

/** Marks HTML so that a template inserts it without escaping. Use it after `!$` and nowhere else. */
export const trusted = (...pieces: (Html | readonly Html[] | undefined)[]): Trusted =>
  branded(pieces.length === 1 ? pieces[0] : pieces.flat().join(''))

/** Returns finished HTML as a string. */
export const toText = (page: Html): string => String(page)

/** Embeds JSON as data of a type that no browser runs. The JSON contains no `<`, so it cannot end the element. */
export const jsonData = (type: string, data: unknown): Html =>
  branded(`<script type="${type}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`)

/**
 * Escapes a text and writes every character outside ASCII as a reference. Use it for the few texts that are on every
 * page: V8 builds, hashes and sends a page of one-byte characters several times as fast as a page with a single other
 * character.
 */
export const ascii = (text: string): Html =>
  branded(toText(html`${text}`).replaceAll(/[^\0-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`))

/** The only place that gives a text the type of HTML. */
function branded<Brand extends Html | Trusted>(text: unknown): Brand
function branded(text: unknown): unknown {
  return text
}
