import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Files are read, and shipped beside the bundle by serverless.yml: so that they are plain SVG and CSS to whoever edits
 * them, and the same to Node, vitest and esbuild. In a bundle, which knows no folder of its own, they are found from
 * where Lambda runs it: the root of the package.
 */
const folder = import.meta.dirname ?? join(process.cwd(), 'lib/storefront')

const read = new Map<string, string>()

/**
 * A text file of this folder, read once.
 *
 * @param path such as `pictures/perch-stool.svg`; never made of what a caller sent without a check
 * @returns undefined where there is none
 */
export function fileAt(path: string): string | undefined {
  const known = read.get(path)
  if (known !== undefined) return known
  try {
    const text = readFileSync(join(folder, path), 'utf8')
    read.set(path, text)
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A picture of the sample catalogue by its name, undefined where there is none. */
export const pictureNamed = (name: string): string | undefined =>
  /^[a-z0-9]+(-[a-z0-9]+)*\.svg$/.test(name) ? fileAt(`pictures/${name}`) : undefined
