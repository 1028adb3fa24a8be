import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { withTemporaryDirectory } from '../support/temporaryDirectory.ts'

/** Runs `use` with the writing end of a pipe that another process reads, as Lambda reads a function's output. */
export const withPipe = <T>(use: (output: number) => Promise<T>): Promise<T> =>
  withTemporaryDirectory(async (directory) => {
    const path = join(directory, 'log')
    execFileSync('mkfifo', [path])
    const reader = spawn('cat', [path], { stdio: ['ignore', 'ignore', 'inherit'] })
    try {
      // Opening the pipe blocks until the reader has opened it, too.
      return await withOpen(path, use)
    } finally {
      reader.kill()
    }
  })

/** Runs `use` with a file to write to. */
export const withFile = <T>(use: (output: number) => Promise<T>): Promise<T> =>
  withTemporaryDirectory((directory) => withOpen(join(directory, 'log'), use))

async function withOpen<T>(path: string, use: (output: number) => Promise<T>): Promise<T> {
  const output = openSync(path, 'w')
  try {
    return await use(output)
  } finally {
    closeSync(output)
  }
}
