import { handle } from '../lib/http/handler.ts'
import { healthResponse } from '../lib/http/response.ts'
import { createHealthCheck } from '../lib/operations/health.ts'

const health = createHealthCheck()

/** For a health probe: returns 200 as long as reads can be answered, from DynamoDB or at least from the cache. */
export const handler = handle({ route: 'GET /health' }, async () => healthResponse(await health()))
