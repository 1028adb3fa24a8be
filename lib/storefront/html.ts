import { html as tag } from 'ghtml'

declare const made: unique symbol

/** A piece of HTML that {@link html} has made. At run time a text; the type keeps it apart from texts that are data. */
export interface Html {
  readonly [made]: 'html'
}

/** What {@link ours} lets through. */
interface Ours {
  readonly [made]: 'ours'
}

/**
 * A template. What stands in `${}` is data, and escaped, for text and for attributes in double quotes. HTML of other
 * templates stands in `!${ours()}`: the one way past the escaping, and by its type open to HTML from here alone.
 * Nothing, an undefined, is left out. Backslashes mean themselves.
 */
export const html: (literals: TemplateStringsArray, ...data: (string | number | undefined | Ours)[]) => Html =
  (literals, ...data) => branded(tag(literals, ...data))

/** HTML made here, to be put into a template as it is: after `!$`, and nowhere else. */
export const ours = (...pieces: (Html | readonly Html[] | undefined)[]): Ours =>
  branded(pieces.length === 1 ? pieces[0] : pieces.flat().join(''))

/** The finished text. */
export const textOf = (page: Html): string => String(page)

/** JSON as data in a page, of a type that no browser runs. It holds no `<`, so nothing in it ends the element. */
export const jsonData = (type: string, data: unknown): Html =>
  branded(`<script type="${type}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`)

/**
 * A text, escaped and with references in the place of all that is not ASCII. For the few texts that stand on every page:
 * a page of one-byte characters is put together, hashed and sent several times as fast as one with a single other one.
 */
export const ascii = (text: string): Html =>
  branded(textOf(html`${text}`).replaceAll(/[^\0-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`))

/** The one place where a text becomes HTML by its type. */
function branded<Brand extends Html | Ours>(text: unknown): Brand
function branded(text: unknown): unknown {
  return text
}
