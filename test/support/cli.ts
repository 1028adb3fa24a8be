import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findBinary, findRedisBinary } from '../../lib/local/servers/redisServer.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { cleanupEnv } from './markedProcesses.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** Creates a directory that is removed when the test ends. */
export function freshDirectory(): string {
  const directory = temporaryDirectory('aisle-test-')
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  return directory
}

/** Returns a PATH with only these programs of this machine. Docker is not on it unless it is named. */
export function pathWith(...programs: string[]): string {
  const directory = join(freshDirectory(), 'bin')
  mkdirSync(directory)
  for (const name of programs) {
    const file = name === 'node' ? process.execPath : findBinary(name)
    if (!file) throw new Error(`No ${name} on PATH`)
    symlinkSync(file, join(directory, name))
  }
  return directory
}

/** Adds a shell script to a PATH of {@link pathWith}. */
export function addScript(path: string, name: string, body: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(path, name), 0o755)
}

/** The name of this machine's Redis binary. */
const redisServer = basename(findRedisBinary() ?? 'redis-server')

/** Returns an environment for this project's commands that shares no port and no directory with other servers. */
export async function isolatedEnv(path = pathWith('node', 'npm', 'sh', 'java', redisServer)) {
  return {
    PATH: path,
    HOME: freshDirectory(),
    AISLE_HOME: join(freshDirectory(), 'home'),
    AISLE_NO_INSTALL: '1',
    // So that its processes and temporary files are cleaned up even if it is killed.
    ...cleanupEnv(),
    PORT: String(await freePort()),
    AISLE_REDIS_PORT: String(await freePort()),
    AISLE_DYNAMODB_PORT: String(await freePort()),
  }
}

/**
 * Starts a command in the project's directory, in its own process group, as a terminal does. When the test ends, the
 * command and its descendants are killed.
 */
export function runCommand(command: string, args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(command, args, {
    cwd: projectDirectory,
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
    /** Resolves with the exit code, or with the signal that ended the command. */
    ended,
    /** Waits until standard output matches. @throws {Error} with the output, if the command ends first or after `ms` */
    async waitForOutput(pattern: RegExp, ms = 40_000) {
      const deadline = Date.now() + ms
      while (!pattern.test(out)) {
        if (end !== undefined || Date.now() > deadline)
          throw new Error(`The command did not print ${pattern} (exit ${end}):\n${out}\n${err}`)
        await sleep(20)
      }
    },
    /** Returns the ids of all processes that the command has started, including earlier results. */
    processes() {
      for (const each of descendants(pid)) known.add(each)
      return [...known]
    },
  }
}

/** Runs a script of cli/ until it exits. */
export async function runScript(script: string, args: string[], env: NodeJS.ProcessEnv) {
  const run = runCommand(process.execPath, [script, ...args], env)
  const code = await run.ended
  return { code, out: run.out(), err: run.err() }
}

/** Returns whether a process runs. A process that has ended does not, even before its parent collects it. */
export function isRunning(pid: number): boolean {
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
    // The process has already ended.
  }
}
