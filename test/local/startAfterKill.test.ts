import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { identify } from '../../lib/local/servers/processIdentity.ts'
import { beginRun } from '../../lib/local/servers/runRecord.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory, isolatedEnv, isRunning, runCommand } from '../support/cli.ts'

const builds = join(projectDirectory, 'node_modules/.cache/aisle')
const listBuilds = (pid: number) => readdirSync(builds).filter((name) => name.startsWith(`start-${pid}-`))

/** Starts a process that runs until the test ends. */
function startSleeper(): ChildProcess & { pid: number } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  onTestFinished(() => void child.kill('SIGKILL'))
  return Object.assign(child, { pid: child.pid ?? 0 })
}

/** Writes what a run has left. Without an identity its owner has ended. */
async function leave(directory: string, server: { pid: number; identity: string }, owner?: ChildProcess) {
  const pid = owner?.pid ?? 4_000_000
  const identity = owner ? await identify(pid) : 'has ended'
  const run = { owner: { pid, identity }, servers: [{ name: 'Redis', ...server }], containers: [] }
  writeFileSync(join(directory, `run-${pid}.json`), JSON.stringify(run))
}

async function begin(directory: string): Promise<string[]> {
  const printed: string[] = []
  const record = await beginRun(directory, (line) => printed.push(line))
  record.release()
  return printed
}

describe('after kill -9 of npm start, the next one', () => {
  it('says what it left, stops it, uses the same ports, and removes its build folder', async () => {
    const env = await isolatedEnv()
    const killed = runCommand(process.execPath, ['cli/start.ts'], env)
    const names = () => {
      const file = join(env.AISLE_HOME, `run-${killed.pid}.json`)
      return existsSync(file) ? readFileSync(file, 'utf8').match(/"name":"[^"]+"/g) : []
    }
    await expect.poll(names, { timeout: 20_000 }).toHaveLength(3)
    await killed.waitForOutput(/^ {2}DynamoDB /m)
    await expect.poll(() => listBuilds(killed.pid), { timeout: 20_000 }).toHaveLength(1)
    const left = killed.processes()
    process.kill(killed.pid, 'SIGKILL')
    await killed.ended
    expect(left.filter(isRunning).length).toBeGreaterThanOrEqual(3)
    // As an earlier release named it.
    mkdirSync(join(builds, `start-${killed.pid}`))

    const agent = { npm_config_user_agent: 'npm/10.8.2 node/v20.20.2 linux x64 workspaces/false' }
    const next = runCommand(process.execPath, ['cli/start.ts'], { ...env, ...agent })
    await next.waitForOutput(/^ {2}Redis .*s\n/m)
    const line = /An earlier npm start \(process (\d+)\) was killed\. Stopping what it left: (.*)/.exec(
      next.out(),
    )
    expect(line?.[1]).toBe(String(killed.pid))
    for (const name of ['Redis', 'DynamoDB Local', 'serverless-offline'])
      expect(line?.[2]).toMatch(new RegExp(`${name} \\(process \\d+\\)`))
    expect(next.out()).not.toContain('in use by another program')
    expect(next.out()).toContain('do not support Node.js 20.20.2')
    await expect.poll(() => left.filter(isRunning), { timeout: 5000 }).toEqual([])
    await expect.poll(() => listBuilds(next.pid), { timeout: 20_000 }).toHaveLength(1)
    expect(listBuilds(killed.pid)).toEqual([])
    expect(existsSync(join(builds, `start-${killed.pid}`))).toBe(false)

    process.kill(next.pid, 'SIGINT')
    expect(await next.ended).toBe(0)
    expect(listBuilds(next.pid)).toEqual([])
    expect(readdirSync(env.AISLE_HOME).filter((name) => name.startsWith('run-'))).toEqual([])
  }, 60_000)

  it('kills no process that has the id of a server by chance', async () => {
    const directory = freshDirectory()
    const other = startSleeper()
    await leave(directory, { pid: other.pid, identity: 'an earlier start' })
    expect(await begin(directory)).toEqual([])
    expect(isRunning(other.pid)).toBe(true)
    expect(readdirSync(directory)).toEqual([])
  })

  it('leaves the servers of another npm start that runs alone', async () => {
    const directory = freshDirectory()
    const [owner, server] = [startSleeper(), startSleeper()]
    await leave(directory, { pid: server.pid, identity: (await identify(server.pid)) ?? '' }, owner)
    expect(await begin(directory)).toEqual([])
    expect(isRunning(server.pid)).toBe(true)
    expect(readdirSync(directory)).toEqual([`run-${owner.pid}.json`])

    owner.kill('SIGKILL')
    await expect.poll(() => isRunning(owner.pid)).toBe(false)
    expect(await begin(directory)).toEqual([
      `An earlier npm start (process ${owner.pid}) was killed. Stopping what it left: Redis (process ${server.pid})`,
    ])
    expect(isRunning(server.pid)).toBe(false)
  })
})
