import { expect, test } from 'vitest'
import { freePort } from '../../lib/local/servers/server.ts'
import { freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

test('a batch or listing of which one product cannot be loaded is a 503, not an answer with a hole', async () => {
  const { redisPort } = await freshHandlers()
  const redis = await freshRedis({ port: redisPort })
  process.env.DYNAMODB_ENDPOINT = `http://127.0.0.1:${await freePort()}`
  const { handler } = await import('../../functions/getProducts.ts')
  for (const query of [{ ids: 'a,b' }, { category: 'kitchen' }]) {
    const answer = await handler({ queryStringParameters: query } as never)
    expect(answer).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '1', 'cache-control': 'no-store' },
    })
    expect(answer.body).toContain('urn:aisle:problem:database-unavailable')
  }
  expect(redis.port).toBe(redisPort)
})
