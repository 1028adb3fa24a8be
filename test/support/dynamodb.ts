import { randomUUID } from 'node:crypto'
import { UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { inject } from 'vitest'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'

/**
 * Returns the address of the DynamoDB Local for this test file. The files, each in its own process, are spread over
 * two servers, because a server handles one write at a time.
 */
export function testDynamodbEndpoint(): string {
  const endpoints = inject('dynamodbEndpoints')
  return endpoints[process.pid % endpoints.length] ?? ''
}

export interface TableOptions {
  /**
   * Whether the catalogue's table has its stream. DynamoDB Local needs longer for each write the more records of
   * streams it holds, of any table: ten times as long after 7,000 writes. @default false
   */
  hasStream?: boolean
}

/** Creates the catalogue's tables in the run's DynamoDB Local, for the caller alone, and connects a client. */
export async function freshTables({ hasStream = false }: TableOptions = {}) {
  const endpoint = testDynamodbEndpoint()
  const db = connectLocal(endpoint)
  const [table, idempotencyTable] = await createTables(db, randomUUID())
  if (!table || !idempotencyTable) throw new Error('serverless.yml defines fewer than two tables')
  if (!hasStream) {
    const StreamSpecification = { StreamEnabled: false }
    await db.send(new UpdateTableCommand({ TableName: table.name, StreamSpecification }))
  }
  return { db, endpoint, table: table.name, idempotencyTable: idempotencyTable.name }
}
