import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { connectDynamoDB, recordCommit } from '../../lib/clients/dynamodb/index.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'

const { endpoint, table } = await freshTables()

/** Creates a commit that puts items concurrently, through a proxy. */
async function createCommit(...ids: string[]) {
  const proxy = await startDynamodbProxy(endpoint)
  const db = connectDynamoDB(proxy.url)
  onTestFinished(() => {
    db.destroy()
    return proxy.close()
  })
  const put = (id: string) =>
    db.send(
      new PutCommand({
        TableName: table,
        Item: { pk: id, sk: 'x' },
        ConditionExpression: 'attribute_exists(pk)',
      }),
    )
  return { proxy, ...recordCommit(() => Promise.all(ids.map(put))) }
}

const getFailure = (work: () => Promise<unknown>) =>
  work().then(
    () => undefined,
    (error: Error) => error,
  )

test.each([
  ['that reports a timeout', { status: 408, body: '<html>' }],
  ['that reports a client that has left', { status: 499, body: 'gone' }],
  ['that an intermediary sends because it finds nothing', { status: 404, body: '<html>' }],
  ['that DynamoDB sends for its own timeout', { error: 'RequestTimeoutException' }],
])('after a 4xx %s, the write may have happened', async (_, fault) => {
  const { proxy, commit: put, mayHaveCommitted } = await createCommit('a')
  proxy.injectFault('PutItem', fault, { times: 2 })
  expect(await getFailure(put)).toBeInstanceOf(Error)
  expect(mayHaveCommitted()).toBe(true)
})

test('after a refusal by DynamoDB itself, the write has not happened', async () => {
  const { commit: put, mayHaveCommitted } = await createCommit('b')
  expect(await getFailure(put)).toMatchObject({ name: 'ConditionalCheckFailedException' })
  expect(mayHaveCommitted()).toBe(false)
})

test('a write that is between two attempts may still happen when a concurrent write is refused', async () => {
  const { proxy, commit: put, mayHaveCommitted } = await createCommit('refused', 'throttled')
  proxy.injectFault(
    'PutItem',
    { error: 'ProvisionedThroughputExceededException' },
    { times: 1, about: 'throttled' },
  )
  expect(await getFailure(put)).toMatchObject({ name: 'ConditionalCheckFailedException' })
  expect(mayHaveCommitted()).toBe(true)
})
