import { hash } from 'node:crypto'
import { fileAt } from './files.ts'

/** Files that pages refer to, in the folder `assets`. Only what is asked for is read. */
const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * The path of an asset, with a hash of its content in the name: it may be kept for ever.
 *
 * @param file such as `style.css`
 * @throws {Error} where there is none
 */
export function assetPath(file: string): string {
  const text = fileAt(`assets/${file}`)
  if (text === undefined)
    throw new Error(`lib/storefront/assets/${file} is missing: see the patterns in serverless.yml`)
  const dot = file.lastIndexOf('.')
  return `/assets/${file.slice(0, dot)}-${hashOf(text)}${file.slice(dot)}`
}

/**
 * The asset of a name, undefined where there is none. `current` is false for the hash of another release: a page that a
 * CDN has kept over a release still finds a stylesheet, but nobody keeps that one for ever.
 */
export function assetNamed(name: string): { text: string; type: string; current: boolean } | undefined {
  const [, stem, hashed, extension = ''] = /^([a-z]+)-([0-9a-f]{12})\.([a-z]+)$/.exec(name) ?? []
  const type = types[extension]
  if (!stem || !type) return undefined
  const text = fileAt(`assets/${stem}.${extension}`)
  return text === undefined ? undefined : { text, type, current: hashOf(text) === hashed }
}

const hashOf = (text: string): string => hash('sha256', text, 'hex').slice(0, 12)
