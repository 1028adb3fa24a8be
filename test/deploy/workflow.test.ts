import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCommand } from '../../lib/local/command.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { addScript, pathWith } from '../support/cli.ts'
import { type Workflow, workflowSchema } from '../support/workflow.ts'

const file = join(projectDirectory, '.github/workflows/ci.yml')
const text = readFileSync(file, 'utf8')
// A duplicate key is an error.
const workflow: Workflow = parse(text)
const jobs = Object.entries(workflow.jobs)
const steps = jobs.flatMap(([, { steps }]) => steps)

test('the workflow conforms to the schema of GitHub Actions', () => {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
  const isValid = ajv.compile(workflowSchema)
  expect(isValid(workflow) ? [] : isValid.errors).toEqual([])
  for (const key of ['jobs', 'timeout-minutes', 'runs-on', 'cancel-in-progress', 'env'])
    expect(isValid(parse(text.replaceAll(`${key}:`, `${key}s:`))), `${key}s`).toBe(false)
})

test('every name in an expression exists', () => {
  const known = [
    ...['github.workflow', 'github.ref', 'github.event_name'],
    ...Object.keys(workflow.on.workflow_dispatch.inputs).map((name) => `inputs.${name}`),
  ]
  const expressions = [
    ...[...text.matchAll(/\$\{\{(.*?)\}\}/g)].map(([, inner = '']) => inner),
    ...[...jobs.map(([, job]) => job), ...steps].map((each) => each.if ?? ''),
  ]
  expect(expressions.length).toBeGreaterThan(10)
  for (const expression of expressions) {
    const names = expression.replaceAll(/'[^']*'/g, '').match(/[A-Za-z][\w.-]*/g) ?? []
    for (const name of names.filter((name) => !['startsWith', 'failure'].includes(name)))
      expect(known.includes(name) || /^vars\.[A-Z_]+$/.test(name), name).toBe(true)
  }
  for (const [, { needs = [] }] of jobs) for (const job of needs) expect(workflow.jobs).toHaveProperty(job)
})

test('bash can parse every command', async () => {
  const commands = steps.flatMap(({ run }) => run ?? [])
  expect(workflow.defaults.run.shell).toBe('bash')
  expect(commands.length).toBeGreaterThan(8)
  for (const command of commands)
    expect(await runCommand('bash', ['-n', '-c', command], { timeout: 10_000 })).toMatchObject({ ok: true })
})

test('every action is pinned by its commit, with its version in a comment', () => {
  const uses = [...text.matchAll(/uses: (.+)/g)].map(([, action = '']) => action)
  expect(uses.length).toBeGreaterThan(5)
  for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  // Every use of an action names the same commit and version.
  expect(new Set(uses).size).toBe(new Set(uses.map((action) => action.split('@')[0])).size)
})

test('a job may only read the repository; the deployment may also request a token', () => {
  expect(workflow.permissions).toEqual({ contents: 'read' })
  for (const [name, { permissions }] of jobs)
    expect(permissions).toEqual(name === 'deploy' ? { contents: 'read', 'id-token': 'write' } : undefined)
  for (const { uses, with: options } of steps)
    if (uses?.startsWith('actions/checkout@')) expect(options).toMatchObject({ 'persist-credentials': false })
})

test('the workflow contains no secret, and passes no expression to a command', () => {
  expect(text).not.toContain('secrets.')
  expect(Object.keys(workflow.on)).toEqual(['push', 'pull_request', 'workflow_dispatch'])
  for (const { run } of steps) expect(run ?? '').not.toContain('${{')
})

test('only a tag or a manual run deploys, after the tests and the story, into an environment, one at a time', () => {
  const { deploy } = workflow.jobs
  expect(deploy.if).toBe("github.event_name == 'workflow_dispatch' || startsWith(github.ref, 'refs/tags/v')")
  expect(deploy.needs).toEqual(['test', 'story'])
  expect(deploy.environment).toBe("${{ inputs.stage || 'prod' }}")
  expect(deploy.concurrency).toEqual({
    group: "deploy-${{ inputs.stage || 'prod' }}",
    'cancel-in-progress': false,
  })
  const credentials = deploy.steps.find(({ uses }) =>
    uses?.startsWith('aws-actions/configure-aws-credentials@'),
  )
  expect(credentials?.with).toEqual({
    'role-to-assume': '${{ vars.AWS_ROLE }}',
    'aws-region': '${{ vars.AWS_REGION }}',
  })
})

test('the deployment passes on exactly the documented parameters whose variables are set', async () => {
  const { env, steps } = workflow.jobs.deploy
  const documentation = readFileSync(join(projectDirectory, 'docs/configuration.md'), 'utf8')
  const [, table = ''] = /^\| parameter \|.*\n.*\n((?:\|.*\n)+)/m.exec(documentation) ?? []
  const names = [...table.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? [])
  expect(names.length).toBeGreaterThan(6)
  expect(
    Object.keys(env ?? {})
      .filter((name) => /^[a-z]/.test(name))
      .sort(),
  ).toEqual(names.sort())

  const command = steps.find(({ name }) => name === 'Deploy')?.run ?? ''
  const path = pathWith('bash')
  addScript(path, 'npm', 'for each; do echo "$each"; done')
  addScript(path, 'tee', 'while read -r line; do echo "$line"; done')
  const call = async (variables: Record<string, string>) => {
    const required = { PATH: path, STAGE: 'dev', AWS_REGION: 'eu-central-1' }
    // GitHub sets an undefined variable to the empty string.
    const unset = Object.fromEntries(names.map((name) => [name, '']))
    const { out } = await runCommand('bash', ['-eo', 'pipefail', '-c', command], {
      ...{ timeout: 10_000, env: { ...unset, ...required, ...variables } },
    })
    return out.trim().split('\n')
  }
  const always = ['run', 'deploy', '--', '--stage', 'dev', '--region', 'eu-central-1']
  expect(await call({})).toEqual(always)
  expect(await call({ alarmEmail: 'ops team@shop.example', domainName: 'shop.example' })).toEqual([
    ...always,
    ...['--param', 'domainName=shop.example', '--param', 'alarmEmail=ops team@shop.example'],
  ])
  const all = await call(Object.fromEntries(names.map((name) => [name, 'x'])))
  for (const name of names) expect(all).toContain(`${name}=x`)
})

test('every job has a timeout, and the scripts that it runs exist', () => {
  for (const [, job] of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(75)
  const { scripts } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8'))
  const commands = steps.map(({ run }) => run ?? '').join('\n')
  for (const [, name = ''] of commands.matchAll(/npm run (?:-s )?([a-z]+)/g))
    expect(scripts).toHaveProperty(name)
  for (const [, path = ''] of commands.matchAll(/bash (\.[\w./-]+)/g))
    expect(existsSync(join(projectDirectory, path))).toBe(true)
})
