import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from '../../project/errorCode.ts'
import { runCommand } from '../command.ts'

/** A process, and what tells it from a later process with the same id. */
export interface KnownProcess {
  pid: number
  /** When it started, as {@link identify} returns it. Absent if the system does not tell. */
  identity?: string | undefined
}

/** Returns whether a value that was read from a file is a {@link KnownProcess}. */
export function isKnownProcess(value: unknown): value is KnownProcess {
  const { pid, identity } = Object(value)
  // A signal to process 0 or -1 would reach many processes.
  return Number.isSafeInteger(pid) && pid > 0 && (identity === undefined || typeof identity === 'string')
}

/**
 * Returns when a process started, as text. The system gives the id of a process that has ended to another one, but never
 * with the same start.
 *
 * @returns undefined if no such process runs, and on Windows, where nothing tells
 */
export async function identify(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return readStart(pid)
  if (process.platform === 'win32') return undefined
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  const { out } = await runCommand('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 5000, env })
  return out.trim() || undefined
}

/** Returns whether this very process still runs. If its start is not known, any process with its id counts. */
export const isStillRunning = async ({ pid, identity }: KnownProcess): Promise<boolean> =>
  identity === undefined ? isRunning(pid) : (await identify(pid)) === identity

/** Returns whether a process with this id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process runs and belongs to another user.
    return errorCode(error) === 'EPERM'
  }
}

/** Signals a process and, if it leads a process group, what it started in that group. Returns false if that is denied. */
export function signalGroup(signal: NodeJS.Signals, pid: number): boolean {
  for (const target of process.platform === 'win32' ? [pid] : [-pid, pid])
    try {
      return process.kill(target, signal)
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') return false
    }
  return true
}

/**
 * Ends a process, if it still runs and is not another process with the same id. It gets SIGTERM, and SIGKILL if it runs
 * for 5 s more, and so does the process group that it leads.
 *
 * @returns whether it has ended
 */
export async function end(known: KnownProcess & { identity: string }): Promise<boolean> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isStillRunning(known))) return true
    if (!signalGroup(signal, known.pid)) return false
    const deadline = performance.now() + 5000
    while ((await isStillRunning(known)) && performance.now() < deadline) await sleep(25)
  }
  return !(await isStillRunning(known))
}

/** Reads the boot of the system, and the start of a process in ticks since then. See proc(5). */
function readStart(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    // A process that has ended stays listed until its parent collects it. While it ends, its first thread can be gone
    // and others still hold its port.
    if ((fields[0] === 'Z' || fields[0] === 'X') && Number(fields[17]) <= 1) return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}
