import { spawn } from 'node:child_process'
import { projectFolder } from '../project/folder.ts'

/** The longest that a deployment may take, ms: a new distribution or a new cache take some minutes each. */
const longest = 3_600_000

/**
 * Runs a command of the Serverless Framework to its end, and shows what it prints.
 *
 * @returns its exit code, and what it printed to standard output
 */
export function serverless(args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['serverless', ...args], {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: longest,
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
