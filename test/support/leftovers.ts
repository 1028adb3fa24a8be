import { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The variables of the environment that tell whose a process is: a run's, a test file's. Children inherit them. */
export type Mark = 'AISLE_TEST_RUN' | 'AISLE_TEST_FILE'

/** The marks of this process, for a child that does not get the whole environment. */
export const marks = (): Partial<Record<Mark, string>> => {
  const { AISLE_TEST_RUN, AISLE_TEST_FILE } = process.env
  return { ...(AISLE_TEST_RUN && { AISLE_TEST_RUN }), ...(AISLE_TEST_FILE && { AISLE_TEST_FILE }) }
}

/** Where a run keeps its lists, one for each mark. */
const folder = () => join(tmpdir(), `aisle-test-run-${process.env.AISLE_TEST_RUN}`)
const listOf = (value: string) => join(folder(), value)

/** From now on this process notes each child that it starts in the lists of its marks. */
export function noteChildren(): void {
  // Its parameters are no part of what is public, and pass through as they are.
  const prototype = ChildProcess.prototype as { spawn?: (...args: unknown[]) => unknown }
  const { spawn } = prototype
  if (!spawn) throw new Error('ChildProcess has no spawn')
  mkdirSync(folder(), { recursive: true })
  prototype.spawn = function (this: ChildProcess, ...args) {
    const result = spawn.apply(this, args)
    const born = this.pid && bornAt(this.pid)
    for (const value of Object.values(marks()))
      if (born) appendFileSync(listOf(value), `${this.pid} ${born}\n`)
    return result
  }
}

/**
 * Ends all that was started under this mark and still lives, stopped ones as well: the children that were noted, what
 * they have started, and what shows the mark in its environment, whoever started it. (Redis hides its environment.)
 * It looks where Linux shows processes; elsewhere it finds none.
 */
export function endAllWith(mark: Mark, value: string): void {
  // Again while there are any: one that is about to end may just have started another.
  for (let round = 0; round < 50; round++) {
    const left = leftBehind(mark, value)
    for (const pid of left) kill(pid)
    if (left.size === 0) break
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
  rmSync(mark === 'AISLE_TEST_RUN' ? folder() : listOf(value), { force: true, recursive: true })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}

function leftBehind(mark: Mark, value: string): Set<number> {
  const all = foldersOf('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
  const noted = (textOf(listOf(value)) ?? '').split('\n').map((line) => line.split(' '))
  const left = new Set(
    noted.filter(([pid, born]) => born && bornAt(Number(pid)) === born).map(([pid]) => Number(pid)),
  )
  const wanted = `${mark}=${value}`
  for (const pid of all) if (textOf(`/proc/${pid}/environ`)?.split('\0').includes(wanted)) left.add(pid)
  for (let before = -1; before < left.size; ) {
    before = left.size
    for (const pid of all) if (left.has(Number(statOf(pid)?.[1]))) left.add(pid)
  }
  left.delete(process.pid)
  // What has ended is listed until its parent has taken notice.
  return new Set([...left].filter((pid) => !['Z', 'X', undefined].includes(statOf(pid)?.[0])))
}

/** When a process began: its number may be given again to another one. */
const bornAt = (pid: number): string | undefined => statOf(pid)?.[19]

/** What follows the name in proc(5)'s stat: the state, the parent, … */
const statOf = (pid: number): string[] | undefined =>
  textOf(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It has ended, or is somebody else's.
    return undefined
  }
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
