import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, textOf } from './html.ts'
import { layout } from './layout.ts'

/**
 * What renders the pages: the bundle, its stylesheet and its settings. The tag of a page says it beside the page's
 * document, so that whoever keeps a page asks for it anew after a release, and hears 304 before it is rendered.
 */
export const release: string = hash(
  'sha256',
  `${readFileSync(import.meta.filename)}${textOf(layout({ path: '/' }, html``))}`,
)
