import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory, isRunning } from './cli.ts'

/** Runs vitest on files that all fail. Each one starts a Redis and makes a temporary directory, and removes neither. */
async function runFailing(killAfter?: number) {
  const list = join(freshDirectory(), 'list')
  writeFileSync(list, '')
  const created = () =>
    readFileSync(list, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '))
  const args = ['run', '--config', 'test/fixtures/failing/vitest.config.ts']
  const child = spawn(join(projectDirectory, 'node_modules/.bin/vitest'), args, {
    ...{ cwd: projectDirectory, env: { ...process.env, LEFT_BEHIND: list }, stdio: 'ignore' },
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  if (killAfter !== undefined) {
    await expect.poll(() => created().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(killAfter)
    child.kill('SIGKILL')
  }
  const code = await ended
  return {
    code,
    count: created().length,
    /** Returns the servers that still run, and the directories that still exist. */
    left: () =>
      created().flatMap(([pid, directory = '']) => [
        ...(isRunning(Number(pid)) ? [pid] : []),
        ...(existsSync(directory) ? [directory] : []),
      ]),
  }
}

test('a run whose tests fail, hang and die leaves no server and no temporary directory behind', async () => {
  const { code, count, left } = await runFailing()
  expect(code).toBe(1)
  expect(count).toBe(3)
  expect(left()).toEqual([])
})

test('a run that is killed leaves no server and no temporary directory behind', async () => {
  const { left } = await runFailing(1)
  await expect.poll(left).toEqual([])
})
