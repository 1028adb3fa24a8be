import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { end, identify, isStillRunning, type KnownProcess } from './processIdentity.ts'

interface RunFile {
  /** The `npm start` itself. */
  owner: KnownProcess
  servers: { name: string; pid: number; identity: string }[]
  /** The services of docker-compose.yml that it started. */
  containers: string[]
}

/**
 * What one `npm start` has started, in the file `run-PID.json` of the data directory. SIGKILL and a crash of Node.js
 * leave its servers running. The next `npm start` finds them by this file, so it stops no process of another program.
 */
export class RunRecord {
  readonly #file: string
  readonly #run: RunFile
  /** The containers of earlier runs that were killed. They run on, and this run stops them. */
  readonly inheritedContainers: readonly string[]

  constructor(file: string, owner: KnownProcess, inheritedContainers: readonly string[]) {
    this.#file = file
    this.#run = { owner, servers: [], containers: [...inheritedContainers] }
    this.inheritedContainers = inheritedContainers
    this.#save()
    process.once('exit', this.release)
  }

  /** Records a server. Without a known start it does not, because no later run could be sure whose process it is. */
  readonly addServer = async (name: string, pid: number): Promise<void> => {
    const identity = await identify(pid)
    if (identity === undefined) return
    this.#run.servers.push({ name, pid, identity })
    this.#save()
  }

  /** Records the services of docker-compose.yml that this run stops at its end. */
  setContainers(names: string[]): void {
    this.#run.containers = names
    this.#save()
  }

  /** Removes the file: everything that the run started has ended. */
  readonly release = (): void => {
    process.off('exit', this.release)
    rmSync(this.#file, { force: true })
  }

  #save(): void {
    writeFileSync(this.#file, JSON.stringify(this.#run))
  }
}

/**
 * Stops the servers that killed runs left in a data directory, and begins the record of this run.
 *
 * @param print receives a line for each run that left something
 */
export async function beginRun(directory: string, print: (line: string) => void): Promise<RunRecord> {
  const containers: string[] = []
  for (const name of readdirSync(directory).filter((each) => /^run-\d+\.json$/.test(each))) {
    const file = join(directory, name)
    const run = readRun(file)
    if (run && (await isStillRunning(run.owner))) continue
    if (run) {
      await stopServers(run, print)
      containers.push(...run.containers)
    }
    rmSync(file, { force: true })
  }
  const owner = { pid: process.pid, identity: await identify(process.pid) }
  return new RunRecord(join(directory, `run-${process.pid}.json`), owner, containers)
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

/** Reads a run's file; undefined if it is damaged, for example because the disk was full. */
function readRun(file: string): RunFile | undefined {
  try {
    const { owner, servers, containers } = JSON.parse(readFileSync(file, 'utf8')) as RunFile
    return owner && Array.isArray(servers) && Array.isArray(containers)
      ? { owner, servers, containers }
      : undefined
  } catch {
    return undefined
  }
}
