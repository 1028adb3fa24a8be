import { openCatalog } from '../lib/catalog/index.ts'
import { fromEnvironment } from '../lib/clients/config.ts'
import { handle } from '../lib/http/handler.ts'
import { openHealth } from '../lib/operations/health.ts'

const health = openHealth(openCatalog(fromEnvironment()))

/** For a probe of the platform: 200 as long as reads can be answered, by DynamoDB or at least by what is cached. */
export const handler = handle('GET /health', async () => {
  const found = await health()
  const down = found.status === 'down'
  return {
    statusCode: down ? 503 : 200,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(down && { 'retry-after': '1' }),
    },
    body: JSON.stringify(found),
  }
})
