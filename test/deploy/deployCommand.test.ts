import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCommand } from '../../lib/local/command.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { addScript, freshDirectory, pathWith, runScript } from '../support/cli.ts'
import { commandsIn } from '../support/documentedCommands.ts'
import { fakeAws } from '../support/fakeAws.ts'
import { cleanupEnv } from '../support/markedProcesses.ts'

/*
 * These tests cover what the commands do without an AWS account: what they check before they deploy, and which
 * commands of the framework they then run. Whether a deployment works, only AWS can show.
 */
const issuer = ['--param', 'tokenIssuer=https://issuer.example']

/** Makes a PATH with an npx that records its arguments, and prints what the framework prints after a deployment. */
function fakeNpx(exit = 0) {
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

/** Returns the environment of an account that may run so many functions at a time. */
const fakeLambda = async (concurrency: number) =>
  (await fakeAws(() => ({ AccountLimit: { ConcurrentExecutions: concurrency } }))).env

const run = (script: string, args: string[], path: string, env: NodeJS.ProcessEnv = {}) =>
  runScript(script, args, { PATH: path, HOME: freshDirectory(), AWS_EC2_METADATA_DISABLED: 'true', ...env })

test('deploy names a missing or wrong parameter, and starts nothing', async () => {
  const { path, calls } = fakeNpx()
  for (const [args, message] of [
    [['--stage', 'prod'], /The parameter tokenIssuer is missing/],
    [['--stage', 'prod', '--param', 'tokenIssuer=issuer'], /tokenIssuer is issuer: it must be an https: URL/],
    [['--stage', 'prod', ...issuer, '--param', 'tokenJwks=http://x'], /tokenJwks is http:\/\/x/],
    [
      ['--stage', 'prod', ...issuer, '--param', 'storefrontOrigins=shop.example'],
      /storefrontOrigins.*must be an origin/,
    ],
    [
      ['--stage', 'prod', ...issuer, '--param', 'storefrontOrigins=https://*'],
      /storefrontOrigins.*"https:\/\/\*" must be an origin/,
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
    [['--stage', 'Prod', ...issuer], /lowercase letters/],
    [['--stages', 'prod'], /Unknown option '--stages'/],
  ] as const) {
    const { code, err } = await run('cli/deploy.ts', [...args], path)
    expect({ args, code }).toEqual({ args, code: 1 })
    expect(err).toMatch(message)
    expect(err).not.toContain('    at ')
  }
  expect(calls()).toEqual([])
}, 60_000)

test('without the deploy command, the framework itself names the missing parameter', async () => {
  const { ok, out, error } = await runCommand('npx', ['serverless', 'package', '--stage', 'prod'], {
    ...{ timeout: 120_000, cwd: projectDirectory },
    env: {
      ...cleanupEnv(),
      ...{ PATH: process.env.PATH, HOME: freshDirectory(), AISLE_BUILD: `test-${process.pid}-missing` },
    },
  })
  expect(ok).toBe(false)
  expect(out + error).toContain('The parameter tokenIssuer is missing')
}, 130_000)

test.each([
  ['deploy', ['--stage', 'dev', ...issuer]],
  ['remove', ['--stage', 'dev']],
])('%s says that credentials are missing or not valid, and starts nothing', async (command, args) => {
  const { path, calls } = fakeNpx()
  const { code, err } = await run(`cli/${command}.ts`, args, path)
  expect({ code, calls: calls() }).toEqual({ code: 1, calls: [] })
  expect(err).toMatch(/^There are no AWS credentials: set AWS_PROFILE/)
  const { env } = await fakeAws((_, response) => {
    response.writeHead(403, { 'x-amzn-errortype': 'ExpiredTokenException' })
    return { message: 'The security token included in the request is expired' }
  })
  const expired = await run(`cli/${command}.ts`, args, path, env)
  expect({ code: expired.code, calls: calls() }).toEqual({ code: 1, calls: [] })
  expect(expired.err).toMatch(/^AWS refuses the credentials \(.* is expired\): set AWS_PROFILE/)
})

test('deploy names the permission that the credentials lack, or else what AWS answered', async () => {
  const { path, calls } = fakeNpx()
  const answerWith = async (status: number, error: string) => {
    const { env } = await fakeAws((_, response) => {
      response.writeHead(status, { 'x-amzn-errortype': error })
      return { message: 'Nope.' }
    })
    const { code, err } = await run('cli/deploy.ts', ['--stage', 'dev', ...issuer], path, env)
    expect({ code, calls: calls() }).toEqual({ code: 1, calls: [] })
    return err
  }
  expect(await answerWith(403, 'AccessDeniedException')).toBe(
    'The credentials may not read the account settings in eu-central-1: ask for the permission lambda:GetAccountSettings\n',
  )
  expect(await answerWith(400, 'InvalidRequestContentException')).toBe(
    'AWS did not return the account settings in eu-central-1: Nope. Check the region and the network\n',
  )
})

test('deploy refuses prod before it starts anything if the account cannot reserve enough, and deploys dev there', async () => {
  const { path, calls } = fakeNpx()
  const small = await fakeLambda(10)
  const { code, err } = await run('cli/deploy.ts', ['--stage', 'prod', ...issuer], path, small)
  expect({ code, calls: calls() }).toEqual({ code: 1, calls: [] })
  expect(err).toMatch(
    /may run 10 functions at a time in eu-central-1, but this stage needs at least 360, since it reserves 260/,
  )
  expect(await run('cli/deploy.ts', ['--stage', 'dev', ...issuer], path, small)).toMatchObject({ code: 0 })
  expect(calls().length).toBeGreaterThan(0)
})

test('deploy passes on its parameters, and prints the address of the catalogue and what to do next', async () => {
  const { path, calls } = fakeNpx()
  const args = [
    '--stage',
    'prod',
    ...issuer,
    '--param',
    'storefrontOrigins=https://a.example,https://b.example',
  ]
  const { code, out } = await run('cli/deploy.ts', args, path, await fakeLambda(1000))
  expect(code).toBe(0)
  expect(calls()[0]).toBe(
    'serverless deploy --verbose --stage prod --region eu-central-1 --param=tokenIssuer=https://issuer.example --param=storefrontOrigins=https://a.example,https://b.example',
  )
  expect(out).toContain('The catalogue answers at https://d111.cloudfront.example\n')
  expect(out).toMatch(/^The shop: +https:\/\/d111\.cloudfront\.example\/$/m)
  expect(out).toContain('npm run smoke -- https://d111.cloudfront.example')
  expect(out).toContain('npm run import -- --aws --region eu-central-1 --table aisle-prod FILE')
  expect(out).toContain('npm run cache -- inspect ID --stage prod --region eu-central-1')
  // Each printed command takes its arguments: all that it lacks here is credentials.
  const printed = commandsIn(out).filter(({ script }) => script === 'import' || script === 'cache')
  expect(printed.length).toBe(2)
  for (const { script, args } of printed)
    expect((await run(`cli/${script}.ts`, args, path)).err).toMatch(/^There are no AWS credentials: .*\n$/)
})

test('with a domain name deploy says where its DNS record must point', async () => {
  const { path } = fakeNpx()
  const own = ['storefrontUrl=https://shop.example', 'domainName=shop.example'].flatMap((text) => [
    '--param',
    text,
  ])
  const { out } = await run(
    'cli/deploy.ts',
    ['--stage', 'dev', ...issuer, ...own],
    path,
    await fakeLambda(10),
  )
  expect(out).toMatch(/^The shop: +https:\/\/d111\.cloudfront\.example\/$/m)
  expect(out).toContain('Point the DNS name shop.example to d111.cloudfront.example')
})

test('deploy reports a failed deployment as failed', async () => {
  const { path } = fakeNpx(1)
  const { code, out, err } = await run(
    'cli/deploy.ts',
    ['--stage', 'prod', ...issuer],
    path,
    await fakeLambda(1000),
  )
  expect(code).toBe(1)
  expect(err).toMatch(/^Not deployed\. .*docs\/operations\.md/m)
  expect(out).not.toContain('The catalogue answers')
})

test('remove removes dev, and refuses prod with the reason', async () => {
  const { path, calls } = fakeNpx()
  const prod = await run('cli/remove.ts', ['--stage', 'prod'], path)
  expect(prod).toMatchObject({
    code: 1,
    err: expect.stringMatching(/does not remove prod.*docs\/operations\.md/s),
  })
  for (const [args, message] of [
    [[], /^Name the stage/],
    [['--stage', 'local'], /^The stage local is this machine: stop npm start/],
    [['--stage', 'a b'], /^--stage a b is not the name of a stage/],
  ] as const) {
    const { code, err } = await run('cli/remove.ts', [...args], path)
    expect({ args, code }).toEqual({ args, code: 1 })
    expect(err).toMatch(message)
  }
  expect(calls()).toEqual([])
  const account = await fakeLambda(10)
  expect(await run('cli/remove.ts', ['--stage', 'dev'], path, account)).toMatchObject({ code: 0 })
  expect(calls()).toEqual([
    'serverless remove --stage dev --region eu-central-1 --param=tokenIssuer=https://none.invalid',
  ])
})

test('remove does not need the permission to read the account settings', async () => {
  const { path, calls } = fakeNpx()
  const { env } = await fakeAws((_, response) => {
    response.writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' })
    return { message: 'not authorized to perform: lambda:GetAccountSettings' }
  })
  expect(await run('cli/remove.ts', ['--stage', 'dev'], path, env)).toMatchObject({ code: 0 })
  expect(calls().length).toBe(1)
})
