import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server process that this program started, and alone may stop. */
export interface Server {
  /** Where it answers: `redis://127.0.0.1:6379`, `http://127.0.0.1:8000`. */
  url: string
  port: number
  process: ChildProcess
  /** Ends it, by its process id; resolves when it is gone. Ends it with SIGKILL if it takes more than 5 s. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** An error that a person can mend: shown as one line, without a stack. */
export class SetupError extends Error {
  override name = 'SetupError'
}

/** A port of 127.0.0.1 that nobody listens on: `wanted` where it is free, else any. */
export async function freePort(wanted = 0): Promise<number> {
  return (
    (await tryPort(wanted)) ?? (await tryPort(0)) ?? Promise.reject(new SetupError('No TCP port is free'))
  )
}

/** The port if nobody listens on it. 0: any. */
export const tryPort = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = createServer()
      .on('error', () => resolve(undefined))
      .listen(port, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => resolve(typeof address === 'object' && address ? address.port : undefined))
      })
  })

/**
 * Starts a server and waits until `isReady` says so.
 *
 * @throws {SetupError} with the end of what it printed, when it exits first or is not ready after 20 s
 */
export async function startServer(
  command: string,
  args: string[],
  { url, port, isReady, name }: { url: string; port: number; name: string; isReady: () => Promise<boolean> },
): Promise<Server> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  let ended: string | undefined
  child.on('error', (error) => {
    ended = error.message
  })
  child.on('exit', (code, signal) => {
    ended ??= `it ended with ${signal ?? `code ${code}`}`
  })

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (ended) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(late)
  }

  const deadline = Date.now() + 20_000
  while (!(await isReady())) {
    if (ended || Date.now() > deadline) {
      await stop('SIGKILL')
      throw new SetupError(`${name} did not start: ${ended ?? 'not ready after 20 s'}\n${said.trim()}`)
    }
    await sleep(25)
  }
  return { url, port, process: child, stop }
}
