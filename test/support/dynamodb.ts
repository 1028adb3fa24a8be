import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/tables.ts'

/**
 * The DynamoDB Local of this file of tests, each of which runs in a process of its own. They are spread over several,
 * since one grows slow with all that the files before have left in it.
 */
export function endpointOfWorker(): string {
  const endpoints = inject('dynamodbEndpoints')
  return endpoints[process.pid % endpoints.length] ?? ''
}

/** A client of the run's DynamoDB Local, and the catalog's tables there, which only the caller uses. */
export async function freshTables() {
  const endpoint = endpointOfWorker()
  const db = connectLocal(endpoint)
  const [table, idempotencyTable] = await createTables(db, randomUUID())
  if (!table || !idempotencyTable) throw new Error('serverless.yml defines too few tables')
  return { db, endpoint, table: table.name, idempotencyTable: idempotencyTable.name }
}
