import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { connectDynamoDB, recordCommit } from '../../lib/clients/dynamodb/index.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'

const { endpoint, table } = await freshTables()

/** A commit that puts items at the same time, through a proxy. */
async function commit(...ids: string[]) {
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

const failureOf = (work: () => Promise<unknown>) =>
  work().then(
    () => undefined,
    (error: Error) => error,
  )

test.each([
  ['that it took too long', { status: 408, body: '<html>' }],
  ['that the client has left', { status: 499, body: 'gone' }],
  ['that nothing is there, by something on the way', { status: 404, body: '<html>' }],
  ['that it timed out itself', { error: 'RequestTimeoutException' }],
])('an answer of 4xx says %s: the write may have happened', async (_, trouble) => {
  const { proxy, commit: put, mayHaveCommitted } = await commit('a')
  proxy.trouble('PutItem', trouble, { times: 2 })
  expect(await failureOf(put)).toBeInstanceOf(Error)
  expect(mayHaveCommitted()).toBe(true)
})

test('a refusal of DynamoDB itself says that it has not', async () => {
  const { commit: put, mayHaveCommitted } = await commit('b')
  expect(await failureOf(put)).toMatchObject({ name: 'ConditionalCheckFailedException' })
  expect(mayHaveCommitted()).toBe(false)
})

test('of two writes at once the one may still happen that is between two attempts when the other is refused', async () => {
  const { proxy, commit: put, mayHaveCommitted } = await commit('refused', 'throttled')
  proxy.trouble(
    'PutItem',
    { error: 'ProvisionedThroughputExceededException' },
    { times: 1, about: 'throttled' },
  )
  expect(await failureOf(put)).toMatchObject({ name: 'ConditionalCheckFailedException' })
  expect(mayHaveCommitted()).toBe(true)
})
