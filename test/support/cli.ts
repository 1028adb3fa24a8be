import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { findBinary, findRedisBinary } from '../../lib/local/servers/redisServer.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { marks } from './leftovers.ts'

/** A folder that goes with the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  return folder
}

/** A PATH that holds these programs of this machine and no others: no Docker unless it is named. */
export function pathWith(...programs: string[]): string {
  const folder = join(freshFolder(), 'bin')
  mkdirSync(folder)
  for (const name of programs) {
    const file = name === 'node' ? process.execPath : findBinary(name)
    if (!file) throw new Error(`No ${name} on PATH`)
    symlinkSync(file, join(folder, name))
  }
  return folder
}

/** Puts a shell script on such a PATH. */
export function addScript(path: string, name: string, body: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(path, name), 0o755)
}

/** The name of the Redis that this machine has. */
const redisServer = basename(findRedisBinary() ?? 'redis-server')

/** An environment for the commands of this project in which nothing is shared with the machine's own servers. */
export async function ownEnv(path = pathWith('node', 'npm', 'sh', 'java', redisServer)) {
  return {
    PATH: path,
    HOME: freshFolder(),
    AISLE_HOME: join(freshFolder(), 'home'),
    AISLE_NO_INSTALL: '1',
    // So that what it starts ends with the test's file, though it be killed.
    ...marks(),
    PORT: String(await freePort()),
    AISLE_REDIS_PORT: String(await freePort()),
    AISLE_DYNAMODB_PORT: String(await freePort()),
  }
}

/**
 * Runs a command in the project's folder, in a process group of its own, as a terminal does. What is left of it when
 * the test ends is killed.
 */
export function runCommand(command: string, args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(command, args, {
    cwd: projectFolder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  let end: number | NodeJS.Signals | undefined
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.on('close', (code, signal) => {
      end = signal ?? code ?? -1
      resolve(end)
    }),
  )
  const pid = child.pid ?? 0
  const known = new Set<number>()
  onTestFinished(() => {
    for (const each of [...known, ...descendants(pid), pid]) kill(each)
  })
  return {
    pid,
    out: () => out,
    err: () => err,
    /** Resolves with the exit code, or the signal that ended it. */
    ended,
    /** Waits until the output matches. */
    async printed(pattern: RegExp, ms = 40_000) {
      const deadline = Date.now() + ms
      while (!pattern.test(out)) {
        if (end !== undefined || Date.now() > deadline)
          throw new Error(`It never said ${pattern} (exit ${end}):\n${out}\n${err}`)
        await sleep(20)
      }
    },
    /** All processes below it. */
    processes() {
      for (const each of descendants(pid)) known.add(each)
      return [...known]
    },
  }
}

/** Runs a script of cli/ to its end. */
export async function runScript(script: string, args: string[], env: NodeJS.ProcessEnv) {
  const run = runCommand(process.execPath, [script, ...args], env)
  const code = await run.ended
  return { code, out: run.out(), err: run.err() }
}

/** Whether a process lives; one that has ended but was not collected by its parent does not. */
export function lives(pid: number): boolean {
  const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid), '-p', String(process.pid)], {
    encoding: 'utf8',
  })
  return state.split('\n').filter((line) => line && !line.startsWith('Z')).length > 1
}

function descendants(root: number): number[] {
  const pairs = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const found: number[] = []
  const queue = [root]
  for (let parent = queue.pop(); parent !== undefined; parent = queue.pop())
    for (const [pid, ppid] of pairs)
      if (ppid === parent && pid) {
        found.push(pid)
        queue.push(pid)
      }
  return found
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
