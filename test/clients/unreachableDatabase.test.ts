import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { Attempts, attempts } from '../../lib/clients/dynamodb/attempts.ts'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { startDeafServer } from '../support/deafServer.ts'

test('a write for which no connection was made in time has changed nothing, and that is known', async () => {
  const { url } = await startDeafServer()
  const db = connectDynamoDB(url)
  onTestFinished(() => db.destroy())
  const record = new Attempts()
  const put = new PutCommand({ TableName: 'none', Item: { pk: 'a' } })
  const failed = await attempts.run(record, () => db.send(put)).catch((error: unknown) => error)
  // It was the time limit of the SDK, and no refusal by the system.
  expect(failed).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('300 ms') })
  expect(record.mayHaveCommitted).toBe(false)
})
