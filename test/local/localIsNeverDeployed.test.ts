import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory, runCommand } from '../support/cli.ts'
import { cleanupEnv } from '../support/markedProcesses.ts'

/** Starts a server in place of all of AWS. It refuses every request and counts them. */
async function startFakeAws() {
  let count = 0
  const server = createServer((_, response) => {
    count++
    response.writeHead(403).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  const env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' },
  }
  return { env, requestCount: () => count }
}

async function serverless(args: string[], env: NodeJS.ProcessEnv) {
  const build = `test-${process.pid}-local`
  const run = runCommand(join(projectDirectory, 'node_modules/.bin/serverless'), args, {
    ...cleanupEnv(),
    ...{ PATH: process.env.PATH, HOME: freshDirectory(), AISLE_BUILD: build },
    ...env,
  })
  const code = await run.ended
  const isBuilt = existsSync(join(projectDirectory, 'node_modules/.cache/aisle', build))
  return { code, isBuilt, output: run.out() + run.err() }
}

test.each([
  'deploy',
  'deploy --stage local',
  'deploy function --function getProduct',
  'deploy list',
  'rollback --timestamp 1795417272149',
  'remove',
])(
  'serverless %s fails in the stage local before it packages anything or calls AWS',
  async (command) => {
    const { env, requestCount } = await startFakeAws()
    const { code, output, isBuilt } = await serverless(command.split(' '), env)
    expect({ code, isBuilt, requests: requestCount() }).toEqual({ code: 1, isBuilt: false, requests: 0 })
    expect(output).toMatch(/^The stage local is this machine, and nothing of it is on AWS.* --stage dev$/m)
    expect(output).not.toContain('    at ')
  },
  130_000,
)

test('serverless accepts every other stage', async () => {
  const { env, requestCount } = await startFakeAws()
  const dev = ['--stage', 'dev', '--param', 'tokenIssuer=https://issuer.example']
  const { output } = await serverless(['deploy', 'list', ...dev], env)
  expect(output).not.toContain('The stage local')
  expect(requestCount()).toBeGreaterThan(0)
}, 130_000)

test('serverless packages the stage local', async () => {
  const { code, output } = await serverless(['package', '--package', freshDirectory()], {})
  expect({ code, output }).toMatchObject({ code: 0 })
}, 130_000)
