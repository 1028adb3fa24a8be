import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { connectLocal } from '../../lib/local/client.ts'
import { createTables } from '../../lib/local/tables.ts'

/** A client of the run's DynamoDB Local, and a table there that only the caller uses. */
export async function freshTable() {
  const endpoint = inject('dynamodbEndpoint')
  const db = connectLocal(endpoint)
  const [table] = await createTables(db, randomUUID())
  if (!table) throw new Error('serverless.yml defines no table')
  return { db, endpoint, table: table.name }
}
