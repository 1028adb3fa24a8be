import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../lib/local/servers/server.ts'
import { projectFolder } from '../lib/project/folder.ts'

/**
 * How long `npm start` takes until the catalog answers: with an empty data folder, and again with the data of the first.
 * Measured from the start of npm. Run it on a machine that does nothing else: node bench/start.ts
 */
const home = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
const env = {
  ...process.env,
  ...{ AISLE_HOME: home, REDIS_URL: '', DYNAMODB_ENDPOINT: '' },
  PORT: String(await freePort()),
  AISLE_REDIS_PORT: String(await freePort()),
  AISLE_DYNAMODB_PORT: String(await freePort()),
}

const ready = (child: ChildProcess) =>
  new Promise<void>((resolve, reject) => {
    let said = ''
    const late = setTimeout(() => reject(new Error(`Not ready after 90 s:\n${said}`)), 90_000)
    child.stdout?.on('data', (chunk) => {
      said += chunk
      if (!said.includes('Ready after')) return
      clearTimeout(late)
      resolve()
    })
    child.on('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${said}`)))
  })

const seconds: Record<string, number> = {}
try {
  for (const which of ['first start', 'second start']) {
    const begun = performance.now()
    // In a group of its own, which is told to stop as a terminal does it.
    const child = spawn('npm', ['start'], {
      cwd: projectFolder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const gone = new Promise((resolve) => child.once('exit', resolve))
    try {
      await ready(child)
      seconds[which] = Math.round(performance.now() - begun) / 1000
    } finally {
      if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
      await gone
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
console.table(Object.fromEntries(Object.entries(seconds).map(([what, s]) => [what, { seconds: s }])))
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
writeFileSync(new URL('results/start.json', import.meta.url), `${JSON.stringify({ seconds }, null, 2)}\n`)
