import { connectRedis } from '../../test/support/connectRedis.ts'
import { libraries, openContender } from '../support/contender.ts'
import type { Measure, Rows } from '../support/measurement.ts'
import { productOf } from '../support/product.ts'
import { withRedis } from '../support/servers.ts'
import { round } from '../support/statistics.ts'

const count = 200

/**
 * Measures the memory that Redis needs for an entry, by `MEMORY USAGE` of all keys. The products have 2 to 3 KB,
 * because the allocator rounds sizes up: a single size could be a lucky or an unlucky one.
 */
export const measure: Measure = (report) =>
  withRedis(async (redis) => {
    const rows: Rows = {}
    let bare = Number.NaN
    for (const [at, name] of ['bare GET', 'aisle', ...libraries].entries()) {
      report(name)
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

/** Returns the memory of all keys of a database, bytes. */
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
