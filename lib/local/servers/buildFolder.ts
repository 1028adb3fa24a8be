import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { identify, isStillRunning } from './processIdentity.ts'

/** The directory of all builds. serverless.yml names it as well. */
const builds = join(projectDirectory, 'node_modules/.cache/aisle')

/**
 * Names the build folder of an `npm start`, and removes the folders of those that ended without doing so.
 *
 * @param port of the API, so that one process can start several
 * @returns the name, for `AISLE_BUILD`, and how to remove the folder
 */
export async function beginBuild(port: number): Promise<{ name: string; remove: () => void }> {
  for (const name of listBuilds().filter((each) => each.startsWith('start-')))
    if (!(await isInUse(name))) remove(name)
  const identity = await identify(process.pid)
  const name = `start-${process.pid}-${port}-${Buffer.from(identity ?? '').toString('base64url')}`
  return { name, remove: () => remove(name) }
}

/** Returns whether the `npm start` that a folder is named after still runs. Earlier releases put no process in it. */
async function isInUse(name: string): Promise<boolean> {
  const [, pid, identity] = /^start-(\d+)-\d+-(.*)$/.exec(name) ?? []
  if (pid === undefined || identity === undefined) return false
  const text = Buffer.from(identity, 'base64url').toString()
  return isStillRunning({ pid: Number(pid), identity: text || undefined })
}

const remove = (name: string) => rmSync(join(builds, name), { recursive: true, force: true })

function listBuilds(): string[] {
  try {
    return readdirSync(builds)
  } catch {
    return []
  }
}
