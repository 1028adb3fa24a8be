import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { Attempts, attemptsOfCommit } from '../../lib/clients/dynamodb/attempts.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { startUnresponsiveServer } from '../support/unresponsiveServer.ts'

test('a write whose connection timed out is known to have changed nothing', async () => {
  const { url } = await startUnresponsiveServer()
  const db = connectDynamoDB(url)
  onTestFinished(() => db.destroy())
  const attempts = new Attempts()
  const put = new PutCommand({ TableName: 'none', Item: { pk: 'a' } })
  const failed = await attemptsOfCommit.run(attempts, () => db.send(put)).catch((error: unknown) => error)
  // The SDK timed out; the operating system did not refuse the connection.
  expect(failed).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('300 ms') })
  expect(attempts.mayHaveCommitted).toBe(false)
})
