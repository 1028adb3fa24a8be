import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../lib/local/servers/ports.ts'
import { projectDirectory } from '../lib/project/projectDirectory.ts'
import { writeResults } from './support/results.ts'

/*
 * Measures how long `npm start` takes until the catalogue is ready: with an empty data directory, and again with the data
 * of the first start. The time counts from the start of npm. Writes bench/results/start.json. Run nothing else on the
 * machine at the same time: node bench/start.ts
 */
const home = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
const env = {
  ...process.env,
  ...{ AISLE_HOME: home, REDIS_URL: '', DYNAMODB_ENDPOINT: '' },
  PORT: String(await freePort()),
  AISLE_REDIS_PORT: String(await freePort()),
  AISLE_DYNAMODB_PORT: String(await freePort()),
}

const waitUntilReady = (child: ChildProcess) =>
  new Promise<void>((resolve, reject) => {
    let output = ''
    const late = setTimeout(() => reject(new Error(`npm start is not ready after 90 s:\n${output}`)), 90_000)
    child.stdout?.on('data', (chunk) => {
      output += chunk
      if (!output.includes('Ready after')) return
      clearTimeout(late)
      resolve()
    })
    child.on('exit', (code) => reject(new Error(`npm start exited with code ${code}:\n${output}`)))
  })

const seconds: Record<string, number> = {}
try {
  for (const which of ['first start', 'second start']) {
    const begun = performance.now()
    // Detached: the processes form a group of their own, which SIGINT then reaches as from a terminal.
    const child = spawn('npm', ['start'], {
      cwd: projectDirectory,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    try {
      await waitUntilReady(child)
      seconds[which] = Math.round(performance.now() - begun) / 1000
    } finally {
      if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
      await exited
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
console.table(Object.fromEntries(Object.entries(seconds).map(([what, s]) => [what, { seconds: s }])))
writeResults('start', { seconds })
