import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../../project/setupError.ts'
import { signalGroup } from './processIdentity.ts'

/** A server process that this program started. Only this program may stop it. */
export interface Server {
  /** For example `redis://127.0.0.1:6379` or `http://127.0.0.1:8000`. */
  url: string
  port: number
  process: ChildProcess
  /** Resolves with the reason when the process has ended, whatever the cause. */
  ended: Promise<string>
  /** Signals the process by its id and resolves when it has ended. Sends SIGKILL if that takes more than 5 s. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A service in use. Without `stop` it belongs to another program, which alone may stop it. */
export interface RunningService {
  stop?: () => Promise<void>
  /** Resolves with the reason if the service ends by itself. */
  ended?: Promise<string>
}

/** How a server process relates to the process that starts it. */
export interface RunOptions {
  /** Cancels the start: the server process ends before the promise rejects. */
  signal?: AbortSignal
  /**
   * Detaches the server from the terminal: Ctrl-C reaches only the starter, which then stops its servers in its own
   * order. If the starter exits without stopping the server, the server is killed.
   */
  detached?: boolean
  /** Called with the server's name and process id as soon as its process runs. */
  onSpawn?: (name: string, pid: number) => void
}

interface ServerOptions extends RunOptions {
  url: string
  port: number
  /** The name in error messages. */
  name: string
  isReady: () => Promise<boolean>
  /** @default the environment of this process */
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Receives every line that the server prints until it is stopped. */
  onLine?: (line: string) => void
  /** How long the server may take until it is ready, in ms. @default 20000 */
  startTimeoutMs?: number
}

/**
 * Starts a server and waits until `isReady` returns true.
 *
 * @throws {SetupError} with the end of the server's output, if it exits first or is not ready after `startTimeoutMs`
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
    startTimeoutMs = 20_000,
    signal: abort,
    detached = false,
    onSpawn,
  }: ServerOptions,
): Promise<Server> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    cwd,
    // On Windows a detached process opens a window, and Ctrl-C reaches every process of the console anyway.
    detached: detached && process.platform !== 'win32',
  })
  if (child.pid !== undefined) onSpawn?.(name, child.pid)
  let output = ''
  // What a server prints at its end is no news. The esbuild of serverless-offline reports a deadlock if it ends last.
  let isStopping = false
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-2000)
      const lines = (rest + text).split(/\r?\n/)
      rest = lines.pop() ?? ''
      if (!isStopping) for (const line of lines) onLine?.(line)
    })
  }
  let endReason: string | undefined
  const ended = new Promise<string>((resolve) => {
    const finish = (reason: string) => {
      endReason ??= reason
      resolve(endReason)
    }
    child.on('error', (error) => finish(error.message))
    child.on('exit', (code, signal) => finish(`ended with ${signal ?? `code ${code}`}`))
  })
  // What the server started goes with it: esbuild would still write the build of a serverless-offline that is gone.
  const kill = () => void (child.pid !== undefined && !endReason && signalGroup('SIGKILL', child.pid))
  if (detached) {
    // The last resort: only SIGKILL or a crash ends this process without ending the server. See runRecord.ts for those.
    process.once('exit', kill)
    ended.then(() => process.off('exit', kill))
  }

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (endReason) return
    isStopping = true
    if (signal === 'SIGKILL') kill()
    else child.kill(signal)
    const killTimer = setTimeout(kill, 5000)
    await ended
    clearTimeout(killTimer)
  }

  const deadline = Date.now() + startTimeoutMs
  while (!(await isReady()) || endReason) {
    if (abort?.aborted) {
      await stop('SIGKILL')
      throw abort.reason
    }
    if (endReason || Date.now() > deadline) {
      const reason = endReason ?? `not ready after ${startTimeoutMs / 1000} s`
      await stop('SIGKILL')
      throw new SetupError(`${name} did not start: ${reason}\n${output.trim()}`)
    }
    await sleep(25)
  }
  return { url, port, process: child, ended, stop }
}
