import { execFile } from 'node:child_process'

/** What became of a command. `why`, where it failed: the last line it printed, or what kept it from running. */
export interface CommandResult {
  ok: boolean
  out: string
  why: string
}

/** Runs a command to its end, or until `timeout` ms are over, and never throws. */
export const runCommand = (
  command: string,
  args: string[],
  { timeout, env = process.env, cwd, signal }: RunCommandOptions,
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const options = { timeout, env, cwd, signal, killSignal: 'SIGKILL', encoding: 'utf8' } as const
    execFile(command, args, options, (error, out, err) => {
      const lastLine = err.trim().split('\n').at(-1)?.trim()
      const late = error?.killed && !signal?.aborted ? `no answer after ${timeout / 1000} s` : undefined
      resolve({ ok: !error, out, why: error ? (late ?? (lastLine || error.message)) : '' })
    })
  })

export interface RunCommandOptions {
  timeout: number
  env?: NodeJS.ProcessEnv
  cwd?: string
  signal?: AbortSignal | undefined
}
