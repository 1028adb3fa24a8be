import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectFolder } from '../../lib/project/folder.ts'

/** Names the checkout of `--before`, for the processes of a measurement as well. */
export const beforeVariable = 'AISLE_BENCH_BEFORE'

/** After the name of a contender: the same out of the other checkout. */
export const beforeSuffix = ' before'

/** The folder of the other checkout, such as the last release, which takes turns with this one; undefined without `--before`. */
export const beforeFolder = () => process.env[beforeVariable] || undefined

/** These contenders, each followed by the same out of the other checkout where there is one. */
export const withBefore = (...names: string[]): string[] =>
  names.flatMap((name) => (beforeFolder() ? [name, name + beforeSuffix] : [name]))

/** The folder of the checkout that a contender comes from. */
export function folderOf(name: string): string {
  if (!name.endsWith(beforeSuffix)) return projectFolder
  const folder = beforeFolder()
  if (!folder) throw new Error(`${name} needs --before`)
  return folder
}

/** The commit that the other checkout stands at. */
export const beforeCommit = (folder: string): string =>
  execFileSync('git', ['-C', folder, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()

type Engine = Pick<typeof import('../../lib/cacheAside/index.ts'), 'createCacheAside'> &
  Pick<typeof import('../../lib/clients/redis/index.ts'), 'connectCache'>

/** The cache of a checkout, and the client that goes with it: both have to know one ioredis. */
export async function engineOf(folder = projectFolder): Promise<Engine> {
  const { createCacheAside }: Engine = await moduleOf(folder, 'lib/cacheAside/index.ts')
  // Where it lay before it had a folder of its own.
  const former = 'lib/redis.ts'
  const client = existsSync(join(folder, former)) ? former : 'lib/clients/redis/index.ts'
  const { connectCache }: Engine = await moduleOf(folder, client)
  return { createCacheAside, connectCache }
}

/** A module of a checkout. */
export const moduleOf = (folder: string, file: string) => import(pathToFileURL(join(folder, file)).href)
