import { hash } from 'node:crypto'
import { readText } from './files.ts'

/** The content types of the files in `assets`, by their extension. */
const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * Returns the URL path of an asset. The path contains a hash of the content, so the response can be cached forever.
 *
 * @param file for example `style.css`
 * @throws {Error} if the file does not exist
 */
export function assetPath(file: string): string {
  const text = readAsset(file)
  if (text === undefined)
    throw new Error(
      `lib/storefront/assets/${file} is missing from the package. Check the patterns in serverless.yml`,
    )
  const dot = file.lastIndexOf('.')
  return `/assets/${file.slice(0, dot)}-${contentHash(text)}${file.slice(dot)}`
}

/**
 * Finds the asset with this hashed name, or returns undefined. `isCurrent` is false if the hash belongs to another
 * release: a page that a CDN cached before the release still gets a stylesheet, but that response must not be cached
 * forever.
 */
export function findAsset(name: string): { text: string; type: string; isCurrent: boolean } | undefined {
  const [, stem, hashInName, extension = ''] = /^([a-z]+)-([0-9a-f]{12})\.([a-z]+)$/.exec(name) ?? []
  const type = types[extension]
  if (!stem || !type) return undefined
  const text = readAsset(`${stem}.${extension}`)
  return text === undefined ? undefined : { text, type, isCurrent: contentHash(text) === hashInName }
}

/** Returns the shop's icon. */
export const iconAsset = (): { text: string; type: string } => ({
  text: readText('assets/mark.svg') ?? '',
  type: 'image/svg+xml',
})

/** Reads an asset. A stylesheet loses its comments and its indentation, a fifth of its bytes. */
function readAsset(file: string): string | undefined {
  const text = readText(`assets/${file}`)
  return file.endsWith('.css') ? text?.replaceAll(/\/\*.*?\*\/|^\s+/gms, '') : text
}

const contentHash = (text: string): string => hash('sha256', text, 'hex').slice(0, 12)
