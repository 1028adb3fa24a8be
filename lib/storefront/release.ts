import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, toText } from './html.ts'
import { layout } from './layout.ts'

/**
 * A hash of everything that renders the pages: the bundle, its stylesheet and its settings.
 *
 * A page's entity tag combines this hash with the page's document, so a client that has cached the page requests it again
 * after a release. A 304 is answered before the page is rendered.
 */
export const release: string = hash(
  'sha256',
  `${readFileSync(import.meta.filename)}${toText(layout({ path: '/' }, html``))}`,
)
