import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { projectFolder } from '../../project/folder.ts'
import { SetupError } from '../../project/setupError.ts'
import { tryPort } from './server.ts'

/** Where the local stack keeps what outlives it: the database's files and the token key. `AISLE_HOME` moves it. */
export const localHome = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env.AISLE_HOME || join(projectFolder, '.aisle'))

/**
 * Makes a folder, and those above it, where it is not there yet.
 *
 * @throws {SetupError} when it cannot be made or not be written in
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new SetupError(
      `Cannot write in the folder ${folder} (${codeOf(error)}). Make it writable, or choose another: AISLE_HOME=/some/folder`,
    )
  }
}

/**
 * Claims a folder for one process, by a file with its id, so that no two databases ever share their files.
 * A claim whose process has ended, however it ended, is void; where process ids are soon used again, as in a
 * container, the port tells that it is another process by now.
 *
 * @throws {SetupError} when a living process holds it
 */
export async function claimFolder(folder: string) {
  const file = join(folder, 'pid')
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      const [holder = 0, port = 0] = readFileSync(file, 'utf8').split(' ').map(Number)
      const silent = port > 0 && (await tryPort(port)) !== undefined
      if (attempt > 2 || (holder > 0 && lives(holder) && !silent))
        throw new SetupError(
          `The data in ${folder} are in use by process ${holder}, perhaps another \`npm start\`: ` +
            'stop that one, or give this one data of its own: AISLE_HOME=.aisle2',
        )
      rmSync(file, { force: true })
    }
  }
  return {
    /** Hands the claim on to another process, which holds it for as long as it listens on this port. */
    handTo: (pid: number, port: number) => writeFileSync(file, `${pid} ${port}`),
    release: () => rmSync(file, { force: true }),
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return codeOf(error) === 'EPERM'
  }
}

/** The code of a system error, such as ENOENT. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
