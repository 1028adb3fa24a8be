import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'

/**
 * Returns the address of the DynamoDB Local for this test file. The files, each in its own process, are spread over
 * several servers, because a server becomes slow with the tables that earlier files have left.
 */
export function testDynamodbEndpoint(): string {
  const endpoints = inject('dynamodbEndpoints')
  return endpoints[process.pid % endpoints.length] ?? ''
}

/** Creates the catalogue's tables in the run's DynamoDB Local, for the caller alone, and connects a client. */
export async function freshTables() {
  const endpoint = testDynamodbEndpoint()
  const db = connectLocal(endpoint)
  const [table, idempotencyTable] = await createTables(db, randomUUID())
  if (!table || !idempotencyTable) throw new Error('serverless.yml defines fewer than two tables')
  return { db, endpoint, table: table.name, idempotencyTable: idempotencyTable.name }
}
