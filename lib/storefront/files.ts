import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The directory of this module. serverless.yml ships the files next to the bundle, so that they stay plain SVG and CSS
 * and work the same in Node, vitest and esbuild. A bundle has no `import.meta.dirname`. Lambda runs it from the root of
 * the package, so the files are found from there.
 */
const directory = import.meta.dirname ?? join(process.cwd(), 'lib/storefront')

const texts = new Map<string, string>()

/**
 * Reads a text file of this directory once, and returns undefined if it does not exist.
 *
 * @param path for example `pictures/perch-stool.svg`; never from a request without a check
 */
export function readText(path: string): string | undefined {
  const known = texts.get(path)
  if (known !== undefined) return known
  try {
    const text = readFileSync(join(directory, path), 'utf8')
    texts.set(path, text)
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Finds a picture of the sample catalogue by its file name, or returns undefined. */
export const findPicture = (name: string): string | undefined =>
  /^[a-z0-9]+(-[a-z0-9]+)*\.svg$/.test(name) ? readText(`pictures/${name}`) : undefined
