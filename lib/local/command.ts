import { execFile } from 'node:child_process'

export interface CommandResult {
  ok: boolean
  /** The standard output. */
  out: string
  /** Empty on success. Otherwise the last line of standard error, or the reason why the command did not run. */
  error: string
}

/** Runs a command until it exits or `timeout` ms have passed. Never throws. */
export const runCommand = (
  command: string,
  args: string[],
  { timeout, env = process.env, cwd, signal }: RunCommandOptions,
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const options = { timeout, env, cwd, signal, killSignal: 'SIGKILL', encoding: 'utf8' } as const
    execFile(command, args, options, (failure, out, err) => {
      if (!failure) return resolve({ ok: true, out, error: '' })
      const isTimeout = failure.killed && !signal?.aborted
      const lastLine = err.trim().split('\n').at(-1)?.trim()
      const error = isTimeout ? `no answer after ${timeout / 1000} s` : lastLine || failure.message
      resolve({ ok: false, out, error })
    })
  })

export interface RunCommandOptions {
  timeout: number
  env?: NodeJS.ProcessEnv
  cwd?: string
  signal?: AbortSignal | undefined
}
