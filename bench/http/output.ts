import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs `use` with the writing end of a pipe that another process reads, as Lambda reads a function's output. */
export const withPipe = <T>(use: (output: number) => Promise<T>): Promise<T> =>
  withFolder(async (folder) => {
    const path = join(folder, 'log')
    execFileSync('mkfifo', [path])
    const reader = spawn('cat', [path], { stdio: ['ignore', 'ignore', 'inherit'] })
    try {
      // Waits until the reader has opened it as well.
      return await withOpen(path, use)
    } finally {
      reader.kill()
    }
  })

/** Runs `use` with a file to write to. */
export const withFile = <T>(use: (output: number) => Promise<T>): Promise<T> =>
  withFolder((folder) => withOpen(join(folder, 'log'), use))

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function withOpen<T>(path: string, use: (output: number) => Promise<T>): Promise<T> {
  const output = openSync(path, 'w')
  try {
    return await use(output)
  } finally {
    closeSync(output)
  }
}
