import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCommand } from '../lib/local/command.ts'
import { projectFolder } from '../lib/local/folder.ts'
import { findBinary } from '../lib/local/redisServer.ts'

interface Job {
  if?: string
  needs?: string[]
  environment?: string
  permissions?: Record<string, string>
  'timeout-minutes': number
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[]
}

const file = join(projectFolder, '.github/workflows/ci.yml')
const text = readFileSync(file, 'utf8')
const workflow: { on: object; permissions: object; jobs: Record<'test' | 'story' | 'deploy', Job> } =
  parse(text)
const jobs = Object.entries(workflow.jobs)
const steps = jobs.flatMap(([, { steps }]) => steps)

test('every action is pinned by its commit, with the version beside it', () => {
  const uses = [...text.matchAll(/uses: (.+)/g)].map(([, action = '']) => action)
  expect(uses.length).toBeGreaterThan(5)
  for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

test('a job may read the repository and no more; the one that deploys may ask for a token as well', () => {
  expect(workflow.permissions).toEqual({ contents: 'read' })
  for (const [name, { permissions }] of jobs)
    expect(permissions).toEqual(name === 'deploy' ? { contents: 'read', 'id-token': 'write' } : undefined)
  for (const { uses, with: options } of steps)
    if (uses?.startsWith('actions/checkout@')) expect(options).toMatchObject({ 'persist-credentials': false })
})

test('it holds no secret, and gives a command nothing that somebody else could have written', () => {
  expect(text).not.toContain('secrets.')
  expect(Object.keys(workflow.on)).toEqual(['push', 'pull_request', 'workflow_dispatch'])
  for (const { run } of steps) expect(run ?? '').not.toContain('${{')
})

test('only a tag or a hand deploys, after the tests and the story, into an environment', () => {
  const { deploy } = workflow.jobs
  expect(deploy.if).toBe("github.event_name == 'workflow_dispatch' || startsWith(github.ref, 'refs/tags/v')")
  expect(deploy.needs).toEqual(['test', 'story'])
  expect(deploy.environment).toBe("${{ inputs.stage || 'prod' }}")
  const credentials = deploy.steps.find(({ uses }) =>
    uses?.startsWith('aws-actions/configure-aws-credentials@'),
  )
  expect(credentials?.with).toEqual({
    'role-to-assume': '${{ vars.AWS_ROLE }}',
    'aws-region': '${{ vars.AWS_REGION }}',
  })
})

test('every job has an end, and what it runs is there', () => {
  for (const [, job] of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(75)
  const { scripts } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'))
  const commands = steps.map(({ run }) => run ?? '').join('\n')
  for (const [, name = ''] of commands.matchAll(/npm run (?:-s )?([a-z]+)/g))
    expect(scripts).toHaveProperty(name)
  for (const [, path = ''] of commands.matchAll(/bash (\.[\w./-]+)/g))
    expect(existsSync(join(projectFolder, path))).toBe(true)
})

test('actionlint finds nothing, where it is', async (context) => {
  if (!findBinary('actionlint')) return context.skip()
  const { out, why } = await runCommand('actionlint', [file], { timeout: 60_000, cwd: projectFolder })
  expect(out + why).toBe('')
})
