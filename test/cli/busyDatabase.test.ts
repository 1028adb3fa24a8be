import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshDirectory, runScript } from '../support/cli.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { mug, ndjson } from '../support/importing.ts'
import { freshRedis } from '../support/redis.ts'

const { table, endpoint } = await freshTables()

function fileWithMug(): string {
  const file = join(freshDirectory(), 'rows.ndjson')
  writeFileSync(file, ndjson([mug('a')]))
  return file
}

test('the import and the cache command wait for a database that is busy for two seconds', async () => {
  const proxy = await startDynamodbProxy(endpoint)
  onTestFinished(proxy.close)
  // A bare GET, which names no operation, asks whether the database answers.
  proxy.injectFault('undefined', () => sleep(2_000), { times: 2 })
  const env = {
    ...{ PATH: process.env.PATH, TABLE_NAME: table, REDIS_URL: (await freshRedis()).url },
    DYNAMODB_ENDPOINT: proxy.url,
  }
  const [imported, audited] = await Promise.all([
    runScript('cli/import.ts', [fileWithMug()], env),
    runScript('cli/cache.ts', ['audit'], env),
  ])
  expect(imported).toMatchObject({ code: 0, err: '' })
  expect(audited).toMatchObject({ code: 0, err: '' })
})

test('a database that is not there is named at once', async () => {
  const startedAt = performance.now()
  const url = `http://127.0.0.1:${await freePort()}`
  const { code, err } = await runScript('cli/import.ts', [fileWithMug()], {
    ...{ PATH: process.env.PATH, DYNAMODB_ENDPOINT: url },
  })
  expect({ code, err }).toMatchObject({
    code: 1,
    err: expect.stringContaining(`No database answers at ${url}`),
  })
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
