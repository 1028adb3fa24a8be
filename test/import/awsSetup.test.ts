import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshDirectory, pathWith, runScript } from '../support/cli.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { mug, ndjson } from '../support/importing.ts'

const { table, endpoint } = await freshTables()
const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
/** DynamoDB Local in place of DynamoDB. */
const aws = { ...credentials, AWS_REGION: 'local', AWS_ENDPOINT_URL_DYNAMODB: endpoint }

function importToAws(env: NodeJS.ProcessEnv, into = table) {
  const directory = freshDirectory()
  const file = join(directory, 'rows.ndjson')
  writeFileSync(file, ndjson([mug('a'), mug('b'), mug('c')]))
  return runScript('cli/import.ts', ['--aws', '--table', into, file], {
    ...{ PATH: pathWith('node'), HOME: directory, AWS_EC2_METADATA_DISABLED: 'true' },
    ...env,
  })
}

test('what --aws lacks is said in one line, before the first row', async () => {
  const proxy = await startDynamodbProxy(endpoint)
  const refusals = { AWS_ENDPOINT_URL_DYNAMODB: proxy.url }
  const cases: [NodeJS.ProcessEnv, RegExp, string?][] = [
    [{ ...aws, AWS_REGION: '' }, /^No AWS region is set: add --region REGION, or set AWS_REGION/],
    [
      { AWS_PROFILE: 'old' },
      /^No AWS region is set: .*AWS_REGION.*\. There are no AWS credentials in the profile old: set AWS_PROFILE/,
    ],
    [{ AWS_REGION: 'eu-central-1' }, /^There are no AWS credentials: set AWS_PROFILE/],
    [
      { AWS_REGION: 'eu-central-1', AWS_PROFILE: 'old' },
      /^There are no AWS credentials in the profile old: /,
    ],
    [aws, /^There is no table nosuch in local: .*--table.*--region/, 'nosuch'],
    [
      { ...aws, AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${await freePort()}` },
      /^DynamoDB does not answer in local/,
    ],
  ]
  await Promise.all(
    cases.map(async ([env, message, into]) => {
      const { code, out, err } = await importToAws(env, into)
      expect(err).toMatch(message)
      expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 1, out: '', lines: 2 })
    }),
  )
  for (const [error, message] of [
    ['ExpiredTokenException', /^AWS refuses the credentials \(ExpiredTokenException.*\): set AWS_PROFILE/],
    ['UnrecognizedClientException', /^AWS refuses the credentials/],
    ['AccessDeniedException', /^The credentials may not read the table /],
    ['ValidationException', /is not a table of the catalogue/],
  ] as const) {
    const fault = proxy.injectFault('GetItem', { error }, { times: 10 })
    const { code, out, err } = await importToAws({ ...aws, ...refusals })
    fault.end()
    expect(err).toMatch(message)
    expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 1, out: '', lines: 2 })
  }
  proxy.close()
}, 60_000)

test('with a region and credentials --aws imports, and waits for a throttled table', async () => {
  const proxy = await startDynamodbProxy(endpoint)
  proxy.injectFault('GetItem', { error: 'ProvisionedThroughputExceededException' }, { times: 3 })
  const { code, out } = await importToAws({ ...aws, AWS_ENDPOINT_URL_DYNAMODB: proxy.url })
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('3 created') })
  proxy.close()
})
