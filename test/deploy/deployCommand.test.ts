import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../lib/local/command.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { addScript, freshFolder, pathWith, runScript } from '../support/cli.ts'

/**
 * The commands as far as they go without an account of AWS: what they check before anything is deployed, and what they
 * then have the framework do. That it does it only AWS could show.
 */
const issuer = ['--param', 'tokenIssuer=https://issuer.example']

/** A PATH whose npx notes what it is told, and answers as the framework does when it has deployed. */
function standIn(exit = 0) {
  const path = pathWith('node')
  const log = join(path, 'log')
  addScript(
    path,
    'npx',
    `echo "$*" >> ${log}
case "$2" in deploy) echo "Stack Outputs:"; echo "  Url: https://d111.cloudfront.example"; echo "  TableName: aisle-prod"; echo "  DistributionDomain: d111.cloudfront.example";; esac
exit ${exit}`,
  )
  const calls = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  return { path, calls }
}

/** Lambda's API, as far as it tells of the account. */
async function lambdaApi(concurrency: number) {
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ AccountLimit: { ConcurrentExecutions: concurrency } })),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  return {
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
}

const run = (script: string, args: string[], path: string, env: NodeJS.ProcessEnv = {}) =>
  runScript(script, args, { PATH: path, HOME: freshFolder(), AWS_EC2_METADATA_DISABLED: 'true', ...env })

test('a parameter that is missing or wrong is named, and nothing is begun', async () => {
  const { path, calls } = standIn()
  for (const [args, message] of [
    [['--stage', 'prod'], /The parameter tokenIssuer is missing/],
    [
      ['--stage', 'prod', '--param', 'tokenIssuer=issuer'],
      /tokenIssuer is issuer: it has to be an https: address/,
    ],
    [['--stage', 'prod', ...issuer, '--param', 'tokenJwks=http://x'], /tokenJwks is http:\/\/x/],
    [
      ['--stage', 'prod', ...issuer, '--param', 'storefrontOrigins=shop.example'],
      /storefrontOrigins.*must be an origin/,
    ],
    [
      ['--stage', 'prod', ...issuer, '--param', 'storefrontUrl=https://shop.example/'],
      /storefrontUrl is https:\/\/shop\.example\/: .*without a slash/,
    ],
    [
      ['--stage', 'prod', '--param', 'tokenIssuer=https://issuer.example/'],
      /tokenJwks=https:\/\/issuer\.example\/\.well-known\/jwks\.json/,
    ],
    [['--stage', 'prod', ...issuer, '--param', 'colour=red'], /no parameter colour/],
    [['--stage', 'prod', ...issuer, '--param', 'colour'], /name=value/],
    [issuer, /Name the stage/],
    [['--stage', 'local', ...issuer], /npm start/],
    [['--stage', 'Prod', ...issuer], /small letters/],
    [['--stages', 'prod'], /Unknown option '--stages'/],
  ] as const) {
    const { code, err } = await run('cli/deploy.ts', [...args], path)
    expect({ args, code }).toEqual({ args, code: 1 })
    expect(err).toMatch(message)
    expect(err).not.toContain('    at ')
  }
  expect(calls()).toEqual([])
}, 60_000)

test('the framework on its own names the missing parameter too', async () => {
  const { ok, out, why } = await runCommand('npx', ['serverless', 'package', '--stage', 'prod'], {
    ...{ timeout: 120_000, cwd: projectFolder },
    env: { PATH: process.env.PATH, HOME: freshFolder(), AISLE_BUILD: `test-${process.pid}-missing` },
  })
  expect(ok).toBe(false)
  expect(out + why).toContain('The parameter tokenIssuer is missing')
}, 130_000)

test('without credentials it says so, and nothing is begun', async () => {
  const { path, calls } = standIn()
  const { code, err } = await run('cli/deploy.ts', ['--stage', 'dev', ...issuer], path)
  expect({ code, calls: calls() }).toEqual({ code: 1, calls: [] })
  expect(err).toMatch(/^There are no AWS credentials: set AWS_PROFILE/)
})

test('an account that cannot reserve as much is told before anything is begun; it can have dev', async () => {
  const { path, calls } = standIn()
  const small = await lambdaApi(10)
  const { code, err } = await run('cli/deploy.ts', ['--stage', 'prod', ...issuer], path, small)
  expect({ code, calls: calls() }).toEqual({ code: 1, calls: [] })
  expect(err).toMatch(
    /may run 10 functions at a time in eu-central-1, and this stage reserves 240 of at least 340/,
  )
  expect(await run('cli/deploy.ts', ['--stage', 'dev', ...issuer], path, small)).toMatchObject({ code: 0 })
  expect(calls().length).toBeGreaterThan(0)
})

test('it deploys with what it was given, and says where the catalog answers and what to do next', async () => {
  const { path, calls } = standIn()
  const args = [
    '--stage',
    'prod',
    ...issuer,
    '--param',
    'storefrontOrigins=https://a.example,https://b.example',
  ]
  const { code, out } = await run('cli/deploy.ts', args, path, await lambdaApi(1000))
  expect(code).toBe(0)
  expect(calls()[0]).toBe(
    'serverless deploy --verbose --stage prod --region eu-central-1 --param=tokenIssuer=https://issuer.example --param=storefrontOrigins=https://a.example,https://b.example',
  )
  expect(out).toContain('The catalog answers at https://d111.cloudfront.example\n')
  expect(out).toMatch(
    /^The shop: +https:\/\/d111\.cloudfront\.example\/ .*--param storefrontUrl=https:\/\/d111\.cloudfront\.example\)$/m,
  )
  expect(out).toContain('npm run smoke -- https://d111.cloudfront.example')
  expect(out).toContain('AWS_REGION=eu-central-1 npm run import -- --aws --table aisle-prod FILE')
})

test('with an address of its own it says where that has to point, and asks for no other', async () => {
  const { path } = standIn()
  const own = ['storefrontUrl=https://shop.example', 'domainName=shop.example'].flatMap((text) => [
    '--param',
    text,
  ])
  const { out } = await run('cli/deploy.ts', ['--stage', 'dev', ...issuer, ...own], path, await lambdaApi(10))
  expect(out).toMatch(/^The shop: +https:\/\/d111\.cloudfront\.example\/$/m)
  expect(out).toContain('Let the DNS name shop.example point to d111.cloudfront.example')
})

test('a deployment that fails is not told as one', async () => {
  const { path } = standIn(1)
  const { code, out, err } = await run(
    'cli/deploy.ts',
    ['--stage', 'prod', ...issuer],
    path,
    await lambdaApi(1000),
  )
  expect(code).toBe(1)
  expect(err).toMatch(/^Not deployed\. .*docs\/operations\.md/m)
  expect(out).not.toContain('The catalog answers')
})

test('remove removes dev, and refuses prod with the reason', async () => {
  const { path, calls } = standIn()
  const prod = await run('cli/remove.ts', ['--stage', 'prod'], path)
  expect(prod).toMatchObject({
    code: 1,
    err: expect.stringMatching(/prod is not removed.*docs\/operations\.md/s),
  })
  for (const args of [[], ['--stage', 'local']])
    expect(await run('cli/remove.ts', args, path)).toMatchObject({ code: 1 })
  expect(calls()).toEqual([])
  expect(await run('cli/remove.ts', ['--stage', 'dev'], path)).toMatchObject({ code: 0 })
  expect(calls()).toEqual([
    'serverless remove --stage dev --region eu-central-1 --param=tokenIssuer=https://none.invalid',
  ])
})
