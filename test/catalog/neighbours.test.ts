import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { neighboursOf } from '../../lib/catalog/listing/neighbours.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { insertProducts } from '../support/insertProducts.ts'

test('the neighbours of a product are complete although DynamoDB ends its responses early', async () => {
  const { db, table, endpoint } = await freshTables()
  await insertProducts(
    db,
    table,
    'tools',
    Array.from({ length: 21 }, (_, n) => `t${n}`),
  )
  const proxy = await startDynamodbProxy(endpoint)
  try {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const database = new DynamoDBClient({ endpoint, region: 'local', credentials })
    // DynamoDB may end a response before Limit items and say with LastEvaluatedKey that more follow.
    const endEarly = async (body: string) => {
      const { $metadata, ...result } = await database.send(
        new QueryCommand({ ...JSON.parse(body), Limit: 3 }),
      )
      return { status: 200, body: JSON.stringify(result) }
    }
    proxy.injectFault('Query', endEarly, { times: Number.POSITIVE_INFINITY })
    const access = { db: connectLocal(proxy.url), table }
    const listedAt = '2026-01-01T00:00:10.000Z#t10'
    const ids = (...numbers: number[]) => numbers.map((n) => `t${n}`)
    expect(await neighboursOf(access, { category: 'tools', listedAt }, 8)).toEqual({
      newer: ids(11, 12, 13, 14, 15, 16, 17, 18),
      older: ids(9, 8, 7, 6, 5, 4, 3, 2),
    })
    // No more requests than the eight items of each side need.
    expect(proxy.operations).toHaveLength(2 * 3)
    expect(
      await neighboursOf(access, { category: 'tools', listedAt: '2026-01-01T00:00:19.000Z#t19' }, 8),
    ).toEqual({
      newer: ids(20),
      older: ids(18, 17, 16, 15, 14, 13, 12, 11),
    })
  } finally {
    proxy.close()
  }
})
