import { expect, test } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

test('a batch or a list responds 503 if one of its products cannot be loaded, and leaves none out', async () => {
  const { call, redisPort } = await freshHandlers()
  await freshRedis({ port: redisPort })
  process.env.DYNAMODB_ENDPOINT = `http://127.0.0.1:${await freePort()}`
  const queries: Record<string, string>[] = [{ ids: 'a,b' }, { category: 'kitchen' }]
  for (const query of queries) {
    const response = await call('getProducts', { query })
    expect(response).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '1', 'cache-control': 'no-store' },
      json: { type: 'urn:aisle:problem:database-unavailable' },
    })
  }
})
