import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { FailedWrite, replaceFile } from './atomicFile.ts'
import { end, identify, isStillRunning } from './processIdentity.ts'
import { findEndedRuns, type RunFile } from './runFile.ts'

/**
 * What one `npm start` has started, in the file `run-PID.json` of the data directory. SIGKILL and a crash of Node.js
 * leave its servers running. The next `npm start` finds them by this file, so it stops no process of another program.
 */
export class RunRecord {
  readonly #file: string
  readonly #run: RunFile
  readonly #print: (line: string) => void
  #isFailureReported = false

  /** @throws {SetupError} if the file cannot be written */
  constructor(file: string, run: RunFile, print: (line: string) => void) {
    this.#file = file
    this.#run = run
    this.#print = print
    replaceFile(file, JSON.stringify(run))
    process.once('exit', this.release)
  }

  /** Records a server. Without a known start it does not, because no later run could be sure whose process it is. */
  readonly addServer = async (name: string, pid: number): Promise<void> => {
    const identity = await identify(pid)
    if (identity === undefined) return
    this.#run.servers.push({ name, pid, identity })
    this.#save()
  }

  /** The services of docker-compose.yml that this run has started, or that killed runs left. */
  get containers(): readonly string[] {
    return this.#run.containers
  }

  /** Records services of docker-compose.yml that this run starts. */
  addContainers(names: readonly string[]): void {
    this.#run.containers = [...new Set([...this.#run.containers, ...names])]
    this.#save()
  }

  /** Records that these services of docker-compose.yml are stopped. */
  removeContainers(names: readonly string[]): void {
    this.#run.containers = this.#run.containers.filter((name) => !names.includes(name))
    this.#save()
  }

  /** Ends the record: all servers have ended. If containers may still run, the file stays for the next run. */
  readonly release = (): void => {
    process.off('exit', this.release)
    if (this.#run.containers.length > 0) {
      this.#run.owner = { ...this.#run.owner, identity: 'has ended' }
      this.#run.servers = []
      this.#save()
      return
    }
    try {
      rmSync(this.#file, { force: true })
    } catch {
      // Its owner has ended, so the next run removes it.
    }
  }

  /** A failure does not end the run: the file matters only after a kill. */
  #save(): void {
    try {
      replaceFile(this.#file, JSON.stringify(this.#run))
    } catch (error) {
      if (!this.#isFailureReported)
        this.#print(
          `Cannot write ${this.#file} (${error instanceof FailedWrite ? error.code : error}). If this npm start is killed (kill -9), the next one does not find what it started`,
        )
      this.#isFailureReported = true
    }
  }
}

/**
 * Stops the servers that killed runs left in a data directory, and begins the record of this run. The record contains
 * the containers that those runs left.
 *
 * @param print receives a line for each run that left something, for each damaged record, and if the record cannot be
 *   written later
 * @throws {SetupError} if the record cannot be written
 */
export async function beginRun(directory: string, print: (line: string) => void): Promise<RunRecord> {
  const ended = await findEndedRuns(directory, print)
  for (const { run } of ended) await stopServers(run, print)
  const file = join(directory, `run-${process.pid}.json`)
  const owner = { pid: process.pid, identity: await identify(process.pid) }
  const containers = [...new Set(ended.flatMap(({ run }) => run.containers))]
  const record = new RunRecord(file, { owner, servers: [], containers }, print)
  // Only now, so that the containers are on record at every moment.
  for (const each of ended) if (each.file !== file) rmSync(each.file, { force: true })
  return record
}

async function stopServers({ owner, servers }: RunFile, print: (line: string) => void): Promise<void> {
  const running = await Promise.all(servers.map(isStillRunning))
  const left = servers.filter((_, index) => running[index])
  if (left.length === 0) return
  const names = left.map(({ name, pid }) => `${name} (process ${pid})`)
  print(`An earlier npm start (process ${owner.pid}) was killed. Stopping what it left: ${names.join(', ')}`)
  const ended = await Promise.all(left.map(end))
  for (const [index, { name, pid }] of left.entries())
    if (!ended[index]) print(`${name} (process ${pid}) still runs. Stop it yourself: kill -9 ${pid}`)
}
