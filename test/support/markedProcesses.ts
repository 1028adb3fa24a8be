import { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The environment variables that mark a process with its test run and its test file. Children inherit them. */
export type Mark = 'AISLE_TEST_RUN' | 'AISLE_TEST_FILE'

/**
 * The variables that even a child without the rest of the environment needs: the marks of this process, and the
 * directory for temporary files that the run removes.
 */
export function cleanupEnv(): Record<string, string> {
  const names = ['AISLE_TEST_RUN', 'AISLE_TEST_FILE', 'TMPDIR', 'JAVA_TOOL_OPTIONS']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value ? [[name, value]] : []
    }),
  )
}

/** The directory of a run's lists of processes. There is one list for each mark. */
const directory = () => join(tmpdir(), `aisle-test-run-${process.env.AISLE_TEST_RUN}`)
const listFile = (value: string) => join(directory(), value)

/** Makes this process record each child that it starts from now on, in the lists of its marks. */
export function recordChildren(): void {
  // The parameters of this method are not public. They pass through unchanged.
  const prototype = ChildProcess.prototype as { spawn?: (...args: unknown[]) => unknown }
  const { spawn } = prototype
  if (!spawn) throw new Error('ChildProcess.prototype has no method spawn')
  mkdirSync(directory(), { recursive: true })
  prototype.spawn = function (this: ChildProcess, ...args) {
    const result = spawn.apply(this, args)
    const start = this.pid && startTime(this.pid)
    const { AISLE_TEST_RUN, AISLE_TEST_FILE } = process.env
    for (const value of [AISLE_TEST_RUN, AISLE_TEST_FILE])
      if (value && start) appendFileSync(listFile(value), `${this.pid} ${start}\n`)
    return result
  }
}

/**
 * Kills every process of this mark that is still alive, including stopped ones: the recorded children, their
 * descendants, and every process that has the mark in its environment. (Redis overwrites its environment.)
 * It reads /proc, so it finds processes on Linux only.
 */
export function killMarked(mark: Mark, value: string): void {
  // Repeats while it finds any, because a process can start another one just before it is killed.
  for (let round = 0; round < 50; round++) {
    const found = findMarked(mark, value)
    for (const pid of found) kill(pid)
    if (found.size === 0) break
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
  rmSync(mark === 'AISLE_TEST_RUN' ? directory() : listFile(value), { force: true, recursive: true })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}

function findMarked(mark: Mark, value: string): Set<number> {
  const all = listDirectory('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
  const recorded = (readText(listFile(value)) ?? '').split('\n').map((line) => line.split(' '))
  const found = new Set(
    recorded.filter(([pid, start]) => start && startTime(Number(pid)) === start).map(([pid]) => Number(pid)),
  )
  const entry = `${mark}=${value}`
  for (const pid of all) if (readText(`/proc/${pid}/environ`)?.split('\0').includes(entry)) found.add(pid)
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const pid of all) if (found.has(Number(readStat(pid)?.[1]))) found.add(pid)
  }
  found.delete(process.pid)
  // A process that has ended stays listed until its parent collects it.
  return new Set([...found].filter((pid) => !['Z', 'X', undefined].includes(readStat(pid)?.[0])))
}

/** When a process started. It tells the process from a later one with the same id. */
const startTime = (pid: number): string | undefined => readStat(pid)?.[19]

/** The fields after the name in /proc/<pid>/stat, see proc(5): the state, the parent, and so on. */
const readStat = (pid: number): string[] | undefined =>
  readText(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The process has ended or belongs to another user.
    return undefined
  }
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
