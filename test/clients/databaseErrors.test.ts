import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { BatchStatementErrorCodeEnum } from '@aws-sdk/client-dynamodb'
import * as sdk from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { countProducts } from '../../lib/catalog/categories/countProducts.ts'
import { type ErrorKind, errorKinds, kindOf, reasonKinds } from '../../lib/clients/dynamodb/errors.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy, type Trouble } from '../support/dynamodbProxy.ts'
import { makeCertificate } from '../support/tls.ts'

const { db: direct, endpoint, table } = await freshTables()
const proxy = await startDynamodbProxy(endpoint)
afterAll(() => proxy.close())
const db = connectDynamoDB(proxy.url)
const always = Number.POSITIVE_INFINITY

/** A request of each kind that the project sends, which would succeed. */
const Key = { pk: 'a', sk: 'a' }
const requests: Record<string, () => Promise<unknown>> = {
  GetItem: () => db.send(new sdk.GetCommand({ TableName: table, Key })),
  BatchGetItem: () => db.send(new sdk.BatchGetCommand({ RequestItems: { [table]: { Keys: [Key] } } })),
  Query: () =>
    db.send(
      new sdk.QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'a' },
      }),
    ),
  Scan: () => db.send(new sdk.ScanCommand({ TableName: table, Limit: 1 })),
  PutItem: () => db.send(new sdk.PutCommand({ TableName: table, Item: Key })),
  UpdateItem: () => db.send(new sdk.UpdateCommand({ TableName: table, Key })),
  DeleteItem: () => db.send(new sdk.DeleteCommand({ TableName: table, Key })),
  TransactWriteItems: () =>
    db.send(new sdk.TransactWriteCommand({ TransactItems: [{ Delete: { TableName: table, Key } }] })),
}
/** Sent to the local database alone, when it is set up. */
const ofSetup = ['CreateTable', 'DescribeTable', 'ListTables']

const operationOf = (command: string) =>
  ({ Get: 'GetItem', BatchGet: 'BatchGetItem', Put: 'PutItem', Update: 'UpdateItem', Delete: 'DeleteItem' })[
    command
  ] ?? (command === 'TransactWrite' ? 'TransactWriteItems' : command)

/** The operations that sources send: those whose commands they import from the SDK. */
const sent = (files: string[]) => [
  ...new Set(
    files.flatMap((file) =>
      [
        ...readFileSync(file, 'utf8').matchAll(
          /import (?:type )?\{([^}]*)\} from '@aws-sdk\/(?:lib|client)-dynamodb'/g,
        ),
      ].flatMap(([, names = '']) =>
        [...names.matchAll(/\b(\w+)Command\b/g)].map(([, one = '']) => operationOf(one)),
      ),
    ),
  ),
]

/** The errors that the SDK declares for an operation. */
function declared(operation: string): string[] {
  const file = `node_modules/@aws-sdk/client-dynamodb/dist-types/commands/${operation}Command.d.ts`
  const errors = [...readFileSync(file, 'utf8').matchAll(/@throws \{@link (\w+)\}/g)].map(
    ([, one = '']) => one,
  )
  return errors.filter((error) => error !== 'DynamoDBServiceException')
}

/** Those that the service sends: not those of Node.js, which are in capitals, and of the SDK itself. */
const ofService = Object.keys(errorKinds).filter(
  (name) => !/^[A-Z_]+$|^(TimeoutError|AbortError|CredentialsProviderError)$/.test(name),
)

describe('the table of errors', () => {
  test('is about every operation that the project sends, itself or by the library for idempotency', () => {
    const own = globSync(['lib/**/*.ts', 'functions/*.ts', 'cli/*.ts'])
    const library = globSync('node_modules/@aws-lambda-powertools/idempotency/lib/esm/persistence/Dynamo*.js')
    expect(library).toHaveLength(1)
    expect(sent([...own, ...library]).sort()).toEqual([...Object.keys(requests), ...ofSetup].sort())
  })

  test('has every error that the SDK declares for them, and every reason of a transaction', () => {
    const all = [...Object.keys(requests), ...ofSetup].flatMap(declared)
    expect(all).toContain('TransactionConflictException')
    const unknown = all.filter((error) => !(error in errorKinds))
    // Judged by its reasons.
    expect([...new Set(unknown)]).toEqual(['TransactionCanceledException'])
    const reasons = Object.values(BatchStatementErrorCodeEnum)
    expect(reasons.filter((reason) => !(reason in reasonKinds))).toEqual([])
  })
})

/** What the SDK throws where a request meets trouble each time. */
async function met(operation: string, trouble: Trouble): Promise<unknown> {
  const plan = proxy.trouble(operation, trouble, { times: always })
  try {
    return await requests[operation]?.().then(
      () => undefined,
      (error: unknown) => error,
    )
  } finally {
    plan.end()
  }
}

describe('what DynamoDB says is known as it comes through the SDK:', () => {
  for (const operation of Object.keys(requests)) {
    test.concurrent(operation, async ({ expect }) => {
      const common = ofService.filter((error) => error !== 'InvalidEndpointException')
      for (const error of new Set([...declared(operation), ...common])) {
        if (error === 'TransactionCanceledException') continue
        const kind = errorKinds[error]
        const found = await met(operation, {
          error,
          status: kind === 'unavailable' && /^(Int|Serv)/.test(error) ? 500 : 400,
        })
        expect(found).toMatchObject({ name: error })
        expect(kindOf(found), error).toBe(kind)
      }
    })
  }

  test('the reasons of a transaction, the worst of them, and a condition before all', async () => {
    const canceled = async (...reasons: string[]) =>
      kindOf(await met('TransactWriteItems', { error: 'TransactionCanceledException', reasons }))
    for (const [reason, kind] of Object.entries(reasonKinds)) {
      expect(await canceled('None', reason), reason).toBe(kind)
      expect(await canceled(reason, 'ConditionalCheckFailed'), reason).toBe('conflict')
    }
    expect(await canceled('TransactionConflict', 'ThrottlingError')).toBe('unavailable')
    expect(await canceled('TransactionConflict', 'ValidationError')).toBe('fault')
    expect(await canceled('None', 'SomethingNew')).toBe('fault')
    expect(await canceled()).toBe('fault')
  })

  const answers: [string, Trouble, ErrorKind][] = [
    ['an error that nobody knows', { error: 'NewException' }, 'fault'],
    ['an error of the server that nobody knows', { error: 'NewException', status: 500 }, 'unavailable'],
    ['a page instead of an error', { status: 503, body: '<html>Service Unavailable</html>' }, 'unavailable'],
    ['nothing instead of an error', { status: 502, body: '' }, 'unavailable'],
    ['too many requests', { status: 429, body: '' }, 'unavailable'],
    ['a connection that breaks', 'reset', 'away'],
    ['a connection that breaks when it is done', 'lost', 'away'],
    ['a connection that breaks in the answer', 'cut', 'away'],
    ['silence', 'silent', 'away'],
  ]
  for (const [what, trouble, kind] of answers) {
    test(what, async () => {
      for (const operation of ['Query', 'PutItem'])
        expect(kindOf(await met(operation, trouble)), operation).toBe(kind)
    })
  }
})

describe('what comes from the way to DynamoDB:', () => {
  const failure = async (url: string | undefined, signal?: AbortSignal) => {
    const client = connectDynamoDB(url)
    const command = new sdk.GetCommand({ TableName: table, Key })
    return client.send(command, signal ? { abortSignal: signal } : {}).then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  test('nobody there, and no such name', async () => {
    expect(await failure(`http://127.0.0.1:${await freePort()}`)).toMatchObject({ code: 'ECONNREFUSED' })
    for (const url of [`http://127.0.0.1:${await freePort()}`, 'http://nothing.invalid'])
      expect(kindOf(await failure(url))).toBe('away')
  })

  test('a caller who gives up', async () => {
    for (const signal of [AbortSignal.abort(), AbortSignal.timeout(20)]) {
      const plan = proxy.trouble('GetItem', 'silent', { times: always })
      expect(kindOf(await failure(proxy.url, signal))).toBe('away')
      plan.end()
    }
  })

  test('a certificate that is not to be trusted', async () => {
    const { key, cert } = makeCertificate()
    const server = createServer({ key, cert })
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    expect(kindOf(await failure(`https://127.0.0.1:${(server.address() as AddressInfo).port}`))).toBe('setup')
    expect(kindOf(await failure(proxy.url.replace('http', 'https')))).toBe('setup')
  })

  test('no credentials', async () => {
    const { env } = process
    process.env = {
      PATH: env.PATH,
      HOME: '/nonexistent',
      AWS_REGION: 'eu-central-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const found = await failure(undefined)
    process.env = env
    expect(found).toMatchObject({ name: 'CredentialsProviderError' })
    expect(kindOf(found)).toBe('setup')
  })

  test('what no test can bring about', () => {
    for (const code of ['EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])
      expect(kindOf(Object.assign(new Error(code), { code }))).toBe('away')
    expect(kindOf('no error')).toBe('fault')
    expect(kindOf(new TypeError('a mistake'))).toBe('fault')
    expect(kindOf(Object.assign(new Error('x'), { name: 'toString' }))).toBe('fault')
  })
})

test('categories are counted once where others count at the same time', async () => {
  const plan = proxy.trouble('TransactWriteItems', {
    error: 'TransactionCanceledException',
    reasons: ['None', 'TransactionConflict'],
  })
  const lost = proxy.trouble('TransactWriteItems', 'lost')
  const running = proxy.trouble('TransactWriteItems', { error: 'TransactionInProgressException' })
  const move = { id: randomUUID(), category: 'counted', asOf: 1 }
  // A client of its own: the SDK repeats less once a client has met much trouble.
  const client = connectDynamoDB(proxy.url)
  expect(await countProducts({ db: client, table, signal: AbortSignal.timeout(10_000) }, [move])).toBe(1)
  expect([plan.left(), lost.left(), running.left()]).toEqual([0, 0, 0])
  const counter = { TableName: table, Key: { pk: 'CATEGORIES', sk: 'counted' } }
  expect((await direct.send(new sdk.GetCommand(counter))).Item).toMatchObject({ products: 1 })
})
