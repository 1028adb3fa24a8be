import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { BatchStatementErrorCodeEnum } from '@aws-sdk/client-dynamodb'
import * as sdk from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { countProducts } from '../../lib/catalog/categories/countProducts.ts'
import {
  classifyDatabaseError,
  type ErrorKind,
  errorKinds,
  reasonKinds,
} from '../../lib/clients/dynamodb/errors.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshTables } from '../support/dynamodb.ts'
import { type DatabaseFault, startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { makeCertificate } from '../support/tls.ts'

const { db: direct, endpoint, table } = await freshTables()
const proxy = await startDynamodbProxy(endpoint)
afterAll(() => proxy.close())
const db = connectDynamoDB(proxy.url)
const always = Number.POSITIVE_INFINITY

/** A valid request for each operation that the project uses. */
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
/** Operations for the local database only, when it is set up. */
const setupOperations = ['CreateTable', 'DescribeTable', 'ListTables']

const toOperation = (command: string) =>
  ({ Get: 'GetItem', BatchGet: 'BatchGetItem', Put: 'PutItem', Update: 'UpdateItem', Delete: 'DeleteItem' })[
    command
  ] ?? (command === 'TransactWrite' ? 'TransactWriteItems' : command)

/** Finds the operations that source files use, by the commands that they import from the SDK. */
const findOperations = (files: string[]) => [
  ...new Set(
    files.flatMap((file) =>
      [
        ...readFileSync(file, 'utf8').matchAll(
          /import (?:type )?\{([^}]*)\} from '@aws-sdk\/(?:lib|client)-dynamodb'/g,
        ),
      ].flatMap(([, names = '']) =>
        [...names.matchAll(/\b(\w+)Command\b/g)].map(([, name = '']) => toOperation(name)),
      ),
    ),
  ),
]

/** Reads the errors that the SDK declares for an operation. */
function readDeclaredErrors(operation: string): string[] {
  const file = `node_modules/@aws-sdk/client-dynamodb/dist-types/commands/${operation}Command.d.ts`
  const errors = [...readFileSync(file, 'utf8').matchAll(/@throws \{@link (\w+)\}/g)].map(
    ([, name = '']) => name,
  )
  return errors.filter((error) => error !== 'DynamoDBServiceException')
}

/** The errors that the service sends. Errors of Node.js, in capitals, and of the SDK itself are left out. */
const serviceErrors = Object.keys(errorKinds).filter(
  (name) => !/^[A-Z_]+$|^(TimeoutError|AbortError|CredentialsProviderError)$/.test(name),
)

describe('the table of errors', () => {
  test('covers every operation that the project or the idempotency library uses', () => {
    const own = globSync(['lib/**/*.ts', 'functions/*.ts', 'cli/*.ts'])
    const library = globSync('node_modules/@aws-lambda-powertools/idempotency/lib/esm/persistence/Dynamo*.js')
    expect(library).toHaveLength(1)
    expect(findOperations([...own, ...library]).sort()).toEqual(
      [...Object.keys(requests), ...setupOperations].sort(),
    )
  })

  test('has every error that the SDK declares for them, and every reason to cancel a transaction', () => {
    const all = [...Object.keys(requests), ...setupOperations].flatMap(readDeclaredErrors)
    expect(all).toContain('TransactionConflictException')
    const unknown = all.filter((error) => !(error in errorKinds))
    // Its kind depends on its reasons.
    expect([...new Set(unknown)]).toEqual(['TransactionCanceledException'])
    const reasons = Object.values(BatchStatementErrorCodeEnum)
    expect(reasons.filter((reason) => !(reason in reasonKinds))).toEqual([])
  })
})

/** Returns the error of a request that meets this fault on every attempt. */
async function failWith(operation: string, fault: DatabaseFault): Promise<unknown> {
  const plan = proxy.injectFault(operation, fault, { times: always })
  try {
    return await requests[operation]?.().then(
      () => undefined,
      (error: unknown) => error,
    )
  } finally {
    plan.end()
  }
}

describe('an error that DynamoDB sends has its kind when the SDK throws it:', () => {
  for (const operation of Object.keys(requests)) {
    test.concurrent(operation, async ({ expect }) => {
      const common = serviceErrors.filter((error) => error !== 'InvalidEndpointException')
      for (const error of new Set([...readDeclaredErrors(operation), ...common])) {
        if (error === 'TransactionCanceledException') continue
        const kind = errorKinds[error]
        const found = await failWith(operation, {
          error,
          status: kind === 'unavailable' && /^(Int|Serv)/.test(error) ? 500 : 400,
        })
        expect(found).toMatchObject({ name: error })
        expect(classifyDatabaseError(found), error).toBe(kind)
      }
    })
  }

  test('a cancelled transaction has the kind of its worst reason, and a failed condition comes first', async () => {
    const canceled = async (...reasons: string[]) =>
      classifyDatabaseError(
        await failWith('TransactWriteItems', { error: 'TransactionCanceledException', reasons }),
      )
    for (const [reason, kind] of Object.entries(reasonKinds)) {
      expect(await canceled('None', reason), reason).toBe(kind)
      expect(await canceled(reason, 'ConditionalCheckFailed'), reason).toBe('conflict')
    }
    expect(await canceled('TransactionConflict', 'ThrottlingError')).toBe('unavailable')
    expect(await canceled('TransactionConflict', 'ValidationError')).toBe('fault')
    expect(await canceled('None', 'SomethingNew')).toBe('fault')
    expect(await canceled()).toBe('fault')
  })

  const cases: [string, DatabaseFault, ErrorKind][] = [
    ['an unknown error', { error: 'NewException' }, 'fault'],
    ['an unknown server error', { error: 'NewException', status: 500 }, 'unavailable'],
    [
      'an HTML page instead of an error',
      { status: 503, body: '<html>Service Unavailable</html>' },
      'unavailable',
    ],
    ['an empty body instead of an error', { status: 502, body: '' }, 'unavailable'],
    ['too many requests', { status: 429, body: '' }, 'unavailable'],
    ['a connection that breaks', 'reset', 'no-response'],
    ['a connection that breaks after the request was done', 'lost', 'no-response'],
    ['a connection that breaks during the response', 'cut', 'no-response'],
    ['no response', 'silent', 'no-response'],
  ]
  for (const [what, fault, kind] of cases) {
    test(what, async () => {
      for (const operation of ['Query', 'PutItem'])
        expect(classifyDatabaseError(await failWith(operation, fault)), operation).toBe(kind)
    })
  }
})

describe('an error of the connection to DynamoDB has its kind:', () => {
  const failure = async (url: string | undefined, signal?: AbortSignal) => {
    const client = connectDynamoDB(url)
    const command = new sdk.GetCommand({ TableName: table, Key })
    return client.send(command, signal ? { abortSignal: signal } : {}).then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  test('a refused connection, and an unknown host', async () => {
    expect(await failure(`http://127.0.0.1:${await freePort()}`)).toMatchObject({ code: 'ECONNREFUSED' })
    for (const url of [`http://127.0.0.1:${await freePort()}`, 'http://nothing.invalid'])
      expect(classifyDatabaseError(await failure(url))).toBe('no-response')
  })

  test('a caller that aborts', async () => {
    for (const signal of [AbortSignal.abort(), AbortSignal.timeout(20)]) {
      const plan = proxy.injectFault('GetItem', 'silent', { times: always })
      expect(classifyDatabaseError(await failure(proxy.url, signal))).toBe('no-response')
      plan.end()
    }
  })

  test('an untrusted certificate', async () => {
    const { key, cert } = makeCertificate()
    const server = createServer({ key, cert })
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    expect(
      classifyDatabaseError(await failure(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    ).toBe('setup')
    expect(classifyDatabaseError(await failure(proxy.url.replace('http', 'https')))).toBe('setup')
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
    expect(classifyDatabaseError(found)).toBe('setup')
  })

  test('errors that no test can provoke', () => {
    for (const code of ['EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])
      expect(classifyDatabaseError(Object.assign(new Error(code), { code }))).toBe('no-response')
    expect(classifyDatabaseError('no error')).toBe('fault')
    expect(classifyDatabaseError(new TypeError('a mistake'))).toBe('fault')
    expect(classifyDatabaseError(Object.assign(new Error('x'), { name: 'toString' }))).toBe('fault')
  })
})

test('a category is counted once, even if other counts run at the same time', async () => {
  const plan = proxy.injectFault('TransactWriteItems', {
    error: 'TransactionCanceledException',
    reasons: ['None', 'TransactionConflict'],
  })
  const lost = proxy.injectFault('TransactWriteItems', 'lost')
  const running = proxy.injectFault('TransactWriteItems', { error: 'TransactionInProgressException' })
  const move = { id: randomUUID(), category: 'counted', asOf: 1 }
  // A separate client: the SDK retries less after a client has met many errors.
  const client = connectDynamoDB(proxy.url)
  expect(await countProducts({ db: client, table, signal: AbortSignal.timeout(10_000) }, [move])).toBe(1)
  expect([plan.left(), lost.left(), running.left()]).toEqual([0, 0, 0])
  const counter = { TableName: table, Key: { pk: 'CATEGORIES', sk: 'counted' } }
  expect((await direct.send(new sdk.GetCommand(counter))).Item).toMatchObject({ products: 1 })
})
