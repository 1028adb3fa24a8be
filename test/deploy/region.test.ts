import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addScript, freshDirectory, pathWith, runScript } from '../support/cli.ts'
import { fakeAws } from '../support/fakeAws.ts'

/** The commands that work on a stage, and how each is called. */
const commands: Record<string, string[]> = {
  'cli/deploy.ts': ['--stage', 'dev', '--param', 'tokenIssuer=https://issuer.example'],
  'cli/remove.ts': ['--stage', 'dev'],
  'cli/cache.ts': ['invalidate', 'a', '--stage', 'dev'],
  'cli/import.ts': ['--aws', '--table', 'aisle-dev'],
}

/** Makes a home directory with a profile `shop` that has a region, as `aws configure` writes it. */
function homeWithProfile(region: string): string {
  const home = freshDirectory()
  mkdirSync(join(home, '.aws'))
  writeFileSync(join(home, '.aws', 'config'), `[profile shop]\nregion = ${region}\n`)
  writeFileSync(join(home, '.aws', 'credentials'), '[shop]\naws_access_key_id=a\naws_secret_access_key=b\n')
  return home
}

/** Runs a command, and returns the region of each of its requests and of each command of the framework. */
async function regionsOf(script: string, args: string[], extra: NodeJS.ProcessEnv) {
  const path = pathWith('node', 'sh')
  const log = join(path, 'log')
  addScript(path, 'npx', `echo "$*" >> ${log}`)
  const { requests, env } = await fakeAws(({ url }) =>
    url.includes('invocations')
      ? { action: 'invalidate', removed: ['a'], deferred: [] }
      : { AccountLimit: { ConcurrentExecutions: 1000 } },
  )
  const file = join(freshDirectory(), 'rows.ndjson')
  writeFileSync(file, '{"id":"only the region matters here"}\n')
  const { err } = await runScript(
    script,
    [...(commands[script] ?? []), ...args, ...(script.includes('import') ? [file] : [])],
    { PATH: path, HOME: freshDirectory(), AWS_EC2_METADATA_DISABLED: 'true', ...env, ...extra },
  )
  const framework = existsSync(log) ? readFileSync(log, 'utf8') : ''
  const regions = [
    ...requests.map(({ region }) => region),
    ...[...framework.matchAll(/--region (\S+)/g)].map(([, region]) => region),
  ]
  return { err, regions: [...new Set(regions)] }
}

test.each(Object.keys(commands))(
  '%s uses --region, else AWS_REGION, AWS_DEFAULT_REGION or the region of the profile',
  async (script) => {
    const profile = {
      ...{ HOME: homeWithProfile('eu-west-3'), AWS_PROFILE: 'shop' },
      ...{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
    }
    const cases: [string[], NodeJS.ProcessEnv, string][] = [
      [[], profile, 'eu-west-3'],
      // An empty variable counts as unset.
      [[], { ...profile, AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-2'],
      [[], { AWS_DEFAULT_REGION: 'eu-west-2', AWS_REGION: 'eu-west-1' }, 'eu-west-1'],
      [['--region', 'us-east-2'], { AWS_REGION: 'eu-west-1' }, 'us-east-2'],
    ]
    await Promise.all(
      cases.map(async ([args, env, region]) =>
        expect(await regionsOf(script, args, env), region).toMatchObject({ regions: [region] }),
      ),
    )
  },
  30_000,
)

test('without any region the commands of a stage use eu-central-1, as deploy does', async () => {
  for (const script of ['cli/deploy.ts', 'cli/remove.ts', 'cli/cache.ts'])
    expect(await regionsOf(script, [], {}), script).toMatchObject({ regions: ['eu-central-1'] })
})

test('a region that cannot be one, and --region without AWS, are wrong usage', async () => {
  const wrong: [string, string[], RegExp][] = [
    [
      'cli/cache.ts',
      ['invalidate', 'a', '--stage', 'dev', '--region', 'EU West'],
      /^--region EU West is not/,
    ],
    ['cli/cache.ts', ['invalidate', 'a', '--region', 'eu-west-1'], /^--region works with --stage only\n$/],
    ['cli/import.ts', ['--region', 'eu-west-1', 'rows.ndjson'], /^--region works with --aws only\n$/],
  ]
  for (const [script, args, message] of wrong) {
    const { code, out, err } = await runScript(script, args, { PATH: pathWith('node') })
    expect({ args, code, out }).toEqual({ args, code: 1, out: '' })
    expect(err).toMatch(message)
  }
})
