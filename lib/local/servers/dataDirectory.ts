import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorCode } from '../../project/errorCode.ts'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { SetupError } from '../../project/setupError.ts'
import { isPortFree } from './ports.ts'
import { isRunning } from './processIdentity.ts'

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
    createWithParents(directory)
    // Root passes every check of permissions, even where no file can be created, as in /proc.
    rmdirSync(mkdtempSync(join(directory, '.writable-')))
  } catch (error) {
    throw new SetupError(
      `Cannot write to the directory ${directory} (${errorCode(error)}). Make it writable, or choose another: AISLE_HOME=/some/directory`,
    )
  }
}

/** mkdir of Node.js with `recursive` never ends where the system denies that an existing parent exists, as in /proc. */
function createWithParents(directory: string): void {
  if (existsSync(directory)) return
  createWithParents(dirname(directory))
  try {
    mkdirSync(directory)
  } catch (error) {
    // Another process may have created it meanwhile.
    if (errorCode(error) !== 'EEXIST') throw error
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
