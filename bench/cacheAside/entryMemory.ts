import { connectRedis } from '../../lib/clients/redis/index.ts'
import { libraries, openContender } from './contender.ts'
import { type Measure, round } from './measured.ts'
import { productOf } from './product.ts'
import { withRedis } from './servers.ts'

const count = 200

/**
 * What Redis needs for an entry, by `MEMORY USAGE` of every key there is. The products have 2 to 3 KB, for the
 * allocator rounds up, and a single size would be lucky or unlucky.
 */
export const measure: Measure = (say) =>
  withRedis(async (redis) => {
    const rows: Awaited<ReturnType<Measure>>['rows'] = {}
    let bare = Number.NaN
    for (const [at, name] of ['bare GET', 'aisle', ...libraries].entries()) {
      say(name)
      const redisUrl = `${redis.url}/${at}`
      const sizeOf = (id: string) => 2_000 + 5 * Number(id)
      const contender = await openContender(name, {
        redisUrl,
        load: async (id) => productOf(id, sizeOf(id)),
        ttl: 3_600_000,
      })
      for (let id = 0; id < count; id++) await contender.text(String(id))
      await contender.close()
      const bytes = (await memoryOf(redisUrl)) / count
      if (name === 'bare GET') bare = bytes
      rows[name] = { 'bytes an entry': round(bytes), 'to the bare body': round(bytes / bare, 2) }
    }
    return { rows, demands: {} }
  })

async function memoryOf(redisUrl: string): Promise<number> {
  const redis = connectRedis(redisUrl)
  try {
    let sum = 0
    for (const key of await redis.keys('*')) sum += (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0
    return sum
  } finally {
    redis.disconnect()
  }
}
