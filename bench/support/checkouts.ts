import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

/** The variable that passes the directory of `--before` on to the processes of a measurement. */
export const beforeVariable = 'AISLE_BENCH_BEFORE'

/** Ends the name of a contender that comes from the other checkout. */
export const beforeSuffix = ' before'

/** Returns the directory of the other checkout, for example the last release; undefined without `--before`. */
const beforeDirectory = () => process.env[beforeVariable] || undefined

/** Returns these contenders. With `--before`, each is followed by the same contender from the other checkout. */
export const withBefore = (...names: string[]): string[] =>
  names.flatMap((name) => (beforeDirectory() ? [name, name + beforeSuffix] : [name]))

/**
 * Returns the directory of the checkout that a contender comes from.
 *
 * @throws {Error} for a contender of the other checkout without `--before`
 */
export function checkoutOf(name: string): string {
  if (!name.endsWith(beforeSuffix)) return projectDirectory
  const directory = beforeDirectory()
  if (!directory) throw new Error(`${name} needs --before`)
  return directory
}

/** Returns the short id of the commit that a checkout is at. */
export const commitOf = (directory: string): string =>
  execFileSync('git', ['-C', directory, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()

/** Imports a module of a checkout. */
export const importFrom = (directory: string, file: string) =>
  import(pathToFileURL(join(directory, file)).href)
