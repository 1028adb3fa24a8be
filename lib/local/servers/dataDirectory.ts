import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { SetupError } from '../../project/setupError.ts'
import { isPortFree } from './ports.ts'

/** Returns the data directory of the local stack, with the database's files and the token key. `AISLE_HOME` moves it. */
export const localDataDirectory = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env.AISLE_HOME || join(projectDirectory, '.aisle'))

/**
 * Creates a directory and its parents if they do not exist.
 *
 * @throws {SetupError} if the directory cannot be created or is not writable
 */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new SetupError(
      `Cannot write to the directory ${directory} (${errorCode(error)}). Make it writable, or choose another: AISLE_HOME=/some/directory`,
    )
  }
}

/**
 * Claims a directory for one process by a file with the process id, so that two databases never share their files.
 *
 * A claim is void once its process has ended, whatever ended it. The system may reuse the process id soon, for example
 * in a container. So a claim with a port is also void if no server listens on that port.
 *
 * @throws {SetupError} if a running process holds the claim
 */
export async function claimDirectory(directory: string) {
  const file = join(directory, 'pid')
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      const [holder = 0, port = 0] = readFileSync(file, 'utf8').split(' ').map(Number)
      const isPortUnused = port > 0 && (await isPortFree(port))
      if (attempt > 2 || (holder > 0 && isRunning(holder) && !isPortUnused))
        throw new SetupError(
          `The data in ${directory} is in use by process ${holder}, probably another \`npm start\`. ` +
            'Stop it, or use another data directory: AISLE_HOME=.aisle2',
        )
      rmSync(file, { force: true })
    }
  }
  return {
    /** Transfers the claim to another process, which holds it while it listens on this port. */
    transferTo: (pid: number, port: number) => writeFileSync(file, `${pid} ${port}`),
    release: () => rmSync(file, { force: true }),
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process runs and belongs to another user.
    return errorCode(error) === 'EPERM'
  }
}

/** Returns the code of a system error, such as ENOENT. */
export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
