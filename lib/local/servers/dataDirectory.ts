import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorCode } from '../../project/errorCode.ts'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { FailedWrite } from './atomicFile.ts'

/** Returns the data directory of the local stack, with the database's files and the token key. `AISLE_HOME` moves it. */
export const localDataDirectory = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env.AISLE_HOME || join(projectDirectory, '.aisle'))

/**
 * Creates a directory and its parents if they do not exist.
 *
 * @throws {FailedWrite} if the directory cannot be created or is not writable, or its disk is full
 */
export function makeDirectory(directory: string): void {
  let probe: string | undefined
  try {
    createWithParents(directory)
    // Root passes every check of permissions, even where no file can be created, as in /proc.
    probe = mkdtempSync(join(directory, '.writable-'))
    // A full disk still has space for an empty directory.
    writeFileSync(join(probe, 'byte'), '1')
  } catch (error) {
    throw new FailedWrite(`to the directory ${directory}`, error)
  } finally {
    if (probe) rmSync(probe, { recursive: true, force: true })
  }
}

/** mkdir of Node.js with `recursive` never ends where the system denies that an existing parent exists, as in /proc. */
function createWithParents(directory: string): void {
  const parent = dirname(directory)
  // On Windows the root of a drive that does not exist is its own parent.
  if (existsSync(directory) || parent === directory) return
  createWithParents(parent)
  try {
    mkdirSync(directory)
  } catch (error) {
    // Another process may have created it meanwhile.
    if (errorCode(error) !== 'EEXIST') throw error
  }
}
