import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../../project/setupError.ts'

/** A server process that this program started, and alone may stop. */
export interface Server {
  /** Where it answers: `redis://127.0.0.1:6379`, `http://127.0.0.1:8000`. */
  url: string
  port: number
  process: ChildProcess
  /** Resolves when it is gone, for whatever reason, with the reason in words. */
  ended: Promise<string>
  /** Ends it, by its process id; resolves when it is gone. Ends it with SIGKILL if it takes more than 5 s. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A service that is used, and who may stop it: without a `stop` it is somebody else's. */
export interface Started {
  stop?: () => Promise<void>
  /** Resolves if it ends by itself, with the reason. */
  ended?: Promise<string>
}

/** How a server runs beside its starter. */
export interface RunOptions {
  /** Gives up starting: the process is ended before the promise rejects. */
  signal?: AbortSignal
  /**
   * Away from the terminal: Ctrl-C reaches the starter alone, which then stops its servers in its own order.
   * When the starter exits without having done so, the server is killed.
   */
  detached?: boolean
}

/**
 * The port that a variable of the environment names.
 *
 * @throws {SetupError} when it names something else
 */
export function portOf(variable: string, env: NodeJS.ProcessEnv, otherwise: number): number {
  const text = env[variable] || String(otherwise)
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new SetupError(
    `${variable} is ${text}: use a number from 1 to 65535, as in ${variable}=${otherwise + 1} npm start`,
  )
}

/** Ports that no system hands out by itself: Linux does so from 32768 on, macOS and Windows from 49152. */
const ports = { first: 10_000, count: 20_000 }
let lastPort = Math.floor(Math.random() * ports.count)

/**
 * A port of 127.0.0.1 that nobody listens on: `wanted` where it is free, else one that this process has not handed out
 * before. Until a server listens there anybody may take it; one that the system hands out would become the near end of
 * some connection meanwhile, and a client that looks for a server there could even be connected with itself.
 *
 * @throws {SetupError} when none is free
 */
export async function freePort(wanted?: number): Promise<number> {
  const port = wanted === undefined ? undefined : await tryPort(wanted)
  if (port !== undefined) return port
  for (let tries = 0; tries < 1000; tries++) {
    lastPort = (lastPort + 1) % ports.count
    const next = await tryPort(ports.first + lastPort)
    if (next !== undefined) return next
  }
  throw new SetupError('No TCP port is free')
}

/** The port if nobody listens on it. */
export const tryPort = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = createServer()
      .on('error', () => resolve(undefined))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(port)))
  })

/**
 * Starts a server and waits until `isReady` says so.
 *
 * @param env of the process; default the starter's
 * @param onLine gets every line that the server prints
 * @throws {SetupError} with the end of what it printed, when it exits first or is not ready after `patience` ms
 */
export async function startServer(
  command: string,
  args: string[],
  {
    url,
    port,
    isReady,
    name,
    env = process.env,
    cwd,
    onLine,
    patience = 20_000,
    signal: abort,
    detached = false,
  }: {
    url: string
    port: number
    name: string
    isReady: () => Promise<boolean>
    env?: NodeJS.ProcessEnv
    cwd?: string
    onLine?: (line: string) => void
    patience?: number
  } & RunOptions,
): Promise<Server> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    cwd,
    // On Windows it would open a window, and Ctrl-C reaches every process of the console anyway.
    detached: detached && process.platform !== 'win32',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
      const lines = (rest + text).split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) onLine?.(line)
    })
  }
  let end: string | undefined
  const ended = new Promise<string>((resolve) => {
    const finish = (why: string) => {
      end ??= why
      resolve(end)
    }
    child.on('error', (error) => finish(error.message))
    child.on('exit', (code, signal) => finish(`ended with ${signal ?? `code ${code}`}`))
  })
  if (detached) {
    // The last resort: no way out of this process leaves it behind, short of SIGKILL.
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    ended.then(() => process.off('exit', kill))
  }

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (end) return
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(late)
  }

  const deadline = Date.now() + patience
  while (!(await isReady()) || end) {
    if (abort?.aborted) {
      await stop('SIGKILL')
      throw abort.reason
    }
    if (end || Date.now() > deadline) {
      const why = end ?? `not ready after ${patience / 1000} s`
      await stop('SIGKILL')
      throw new SetupError(`${name} did not start: ${why}\n${said.trim()}`)
    }
    await sleep(25)
  }
  return { url, port, process: child, ended, stop }
}
