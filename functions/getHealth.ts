import { handle } from '../lib/http/handler.ts'
import { healthAnswer } from '../lib/http/response.ts'
import { openHealth } from '../lib/operations/health.ts'

const health = openHealth()

/** For a probe of the platform: 200 as long as reads can be answered, by DynamoDB or at least by what is cached. */
export const handler = handle('GET /health', async () => healthAnswer(await health()))
