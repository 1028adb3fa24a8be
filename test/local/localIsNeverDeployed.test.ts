import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { projectFolder } from '../../lib/project/folder.ts'
import { freshFolder, runCommand } from '../support/cli.ts'

/** A stand-in for all of AWS, which refuses, and counts who asks. */
async function aws() {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(403).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  const env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' },
  }
  return { env, asked: () => asked }
}

async function serverless(args: string[], env: NodeJS.ProcessEnv) {
  const build = `test-${process.pid}-local`
  const run = runCommand(join(projectFolder, 'node_modules/.bin/serverless'), args, {
    ...{ PATH: process.env.PATH, HOME: freshFolder(), AISLE_BUILD: build },
    ...env,
  })
  const code = await run.ended
  const built = existsSync(join(projectFolder, 'node_modules/.cache/aisle', build))
  return { code, built, said: run.out() + run.err() }
}

test.each([
  'deploy',
  'deploy --stage local',
  'deploy function --function getProduct',
  'deploy list',
  'rollback --timestamp 1795417272149',
  'remove',
])(
  'serverless %s is refused before anything is packaged and before AWS is asked',
  async (command) => {
    const { env, asked } = await aws()
    const { code, said, built } = await serverless(command.split(' '), env)
    expect({ code, built, asked: asked() }).toEqual({ code: 1, built: false, asked: 0 })
    expect(said).toMatch(/^The stage local is this machine, and nothing of it is on AWS.* --stage dev$/m)
    expect(said).not.toContain('    at ')
  },
  130_000,
)

test('any other stage is not refused', async () => {
  const { env, asked } = await aws()
  const dev = ['--stage', 'dev', '--param', 'tokenIssuer=https://issuer.example']
  const { said } = await serverless(['deploy', 'list', ...dev], env)
  expect(said).not.toContain('The stage local')
  expect(asked()).toBeGreaterThan(0)
}, 130_000)

test('local is packaged as ever', async () => {
  const { code, said } = await serverless(['package', '--package', freshFolder()], {})
  expect({ code, said }).toMatchObject({ code: 0 })
}, 130_000)
