import { spawn } from 'node:child_process'
import { projectDirectory } from '../project/projectDirectory.ts'

/** The longest that a deployment may take, in ms. A new distribution and a new cache each take several minutes. */
const timeoutMs = 3_600_000

/**
 * Runs a command of the Serverless Framework to its end, and shows its output.
 *
 * @returns its exit code, and what it printed to standard output
 */
export function runServerless(args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['serverless', ...args], {
      cwd: projectDirectory,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: timeoutMs,
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      process.stdout.write(text)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, out }))
  })
}
