import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isKnownProcess, isStillRunning, type KnownProcess } from './processIdentity.ts'

/** The contents of `run-PID.json`. See runRecord.ts. */
export interface RunFile {
  /** The `npm start` itself. */
  owner: KnownProcess
  servers: { name: string; pid: number; identity: string }[]
  /** The services of docker-compose.yml that it started, or that earlier runs left. */
  containers: string[]
}

/**
 * Returns the records in a data directory whose `npm start` has ended. Removes those that are damaged, and prints a line
 * for each. A record is written in one step, so only a fault of the disk or an edit by hand damages it.
 */
export async function findEndedRuns(directory: string, print: (line: string) => void) {
  const ended: { file: string; run: RunFile }[] = []
  for (const name of readdirSync(directory)) {
    if (!/^run-\d+\.json$/.test(name)) continue
    const file = join(directory, name)
    const text = readText(file)
    if (text === undefined) continue
    const run = parseRun(text)
    if (run) {
      if (!(await isStillRunning(run.owner))) ended.push({ file, run })
    } else {
      rmSync(file, { force: true })
      print(`Removed ${file}, because it is damaged. If that npm start was killed, its servers may still run`)
    }
  }
  return ended
}

/** Reads a record; undefined if its `npm start` has just removed it. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Parses a record without the entries that are not valid; undefined if it does not name its owner. */
function parseRun(text: string): RunFile | undefined {
  try {
    const run = JSON.parse(text)
    const { owner, servers, containers } = run ?? {}
    if (!isKnownProcess(owner) || !Array.isArray(servers) || !Array.isArray(containers)) return undefined
    return {
      owner,
      servers: servers.filter(
        (each) =>
          isKnownProcess(each) && each.identity !== undefined && typeof Object(each).name === 'string',
      ),
      containers: containers.filter((name) => typeof name === 'string'),
    }
  } catch {
    return undefined
  }
}
