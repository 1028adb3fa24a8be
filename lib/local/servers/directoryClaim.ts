import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from '../../project/setupError.ts'
import { createFile, replaceFile } from './atomicFile.ts'
import { isPortFree } from './ports.ts'
import { identify, isKnownProcess, isRunning, isStillRunning, type KnownProcess } from './processIdentity.ts'

interface Claim {
  /** The process that made the claim, and that stops the holder. Earlier releases did not write it. */
  owner?: KnownProcess
  /** The process that uses the directory: the owner, then the database that it has started. */
  holder: KnownProcess
  /** Where the holder listens. */
  port?: number
}

/**
 * Claims a directory for one process by the file `pid`, so that two databases never share their files.
 *
 * A claim is void once its holder has ended, whatever ended it and whichever process has its id now.
 *
 * @throws {SetupError} if a running process holds the claim, or the file cannot be written
 */
export async function claimDirectory(directory: string) {
  const file = join(directory, 'pid')
  const owner = { pid: process.pid, identity: await identify(process.pid) }
  let text = JSON.stringify({ owner, holder: owner } satisfies Claim)
  for (let attempt = 0; !createFile(file, text); attempt++) {
    const claim = readClaim(file)
    if (attempt > 2 || (claim && (await isHeld(claim))))
      throw new SetupError(
        `The data in ${directory} is in use by ${await describeHolder(claim)}, or use another data directory: AISLE_HOME=.aisle2`,
      )
    rmSync(file, { force: true })
  }
  return {
    /**
     * Transfers the claim to another process, which holds it while it runs.
     *
     * @param port where that process listens
     * @throws {SetupError} if the file cannot be written
     */
    async transferTo(pid: number, port: number): Promise<void> {
      const holder = { pid, identity: await identify(pid) }
      text = JSON.stringify({ owner, holder, port } satisfies Claim)
      replaceFile(file, text)
    },
    /** Removes the file, unless another process has made a claim of its own since this one was void. Never throws. */
    release(): void {
      if (readText(file) !== text) return
      try {
        rmSync(file, { force: true })
      } catch {
        // The claim is void anyway: its holder has ended.
      }
    },
  }
}

/**
 * Returns whether the holder of a claim still runs. Without its start, as on Windows and in claims of earlier releases,
 * any process could have its id. Then it has to listen on its port as well.
 */
async function isHeld({ holder, port }: Claim): Promise<boolean> {
  if (holder.identity !== undefined) return isStillRunning(holder)
  if (port === undefined) return process.platform === 'win32' && isRunning(holder.pid)
  return isRunning(holder.pid) && !(await isPortFree(port))
}

/** Names the process to stop: the `npm start`, which then stops its database, rather than the database itself. */
async function describeHolder(claim: Claim | undefined): Promise<string> {
  if (claim?.owner && (await isStillRunning(claim.owner)))
    return `\`npm start\`, process ${claim.owner.pid}. Stop it`
  if (claim) return `a DynamoDB Local, process ${claim.holder.pid}. Stop the \`npm start\` that runs it`
  return 'another process. Stop it'
}

/** Reads a claim; undefined if it is damaged or gone. Earlier releases wrote `PID PORT`, and `PID` during the start. */
function readClaim(file: string): Claim | undefined {
  const text = readText(file) ?? ''
  const [, pid, port] = /^(\d+)(?: (\d+))?$/.exec(text) ?? []
  if (pid) return { holder: { pid: Number(pid) }, ...(port && { port: Number(port) }) }
  try {
    const claim = JSON.parse(text)
    return isKnownProcess(claim?.holder) ? claim : undefined
  } catch {
    return undefined
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
