import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from '../../lib/project/folder.ts'
import { freshFolder, lives } from './cli.ts'

/** Runs vitest on files that all fail, each after it has started a Redis that it does not stop. */
async function runFailing(killAfter?: number) {
  const pids = join(freshFolder(), 'pids')
  writeFileSync(pids, '')
  const left = () => readFileSync(pids, 'utf8').trim().split('\n').filter(Boolean).map(Number)
  const args = ['run', '--config', 'test/fixtures/failing/vitest.config.ts']
  const child = spawn(join(projectFolder, 'node_modules/.bin/vitest'), args, {
    ...{ cwd: projectFolder, env: { ...process.env, LEFT_BEHIND: pids }, stdio: 'ignore' },
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  if (killAfter !== undefined) {
    await expect.poll(() => left().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(killAfter)
    child.kill('SIGKILL')
  }
  return { code: await ended, left: left() }
}

test('a run whose tests fail, hang and die leaves no server behind', async () => {
  const { code, left } = await runFailing()
  expect(code).toBe(1)
  expect(left).toHaveLength(3)
  expect(left.filter(lives)).toEqual([])
})

test('nor does one that is killed itself', async () => {
  const { left } = await runFailing(1)
  await expect.poll(() => left.filter(lives)).toEqual([])
})
