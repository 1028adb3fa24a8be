import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/redis.ts'
import { libraries, openContender } from './contender.ts'
import { startCountingProxy } from './countingProxy.ts'
import { exactly, type Measure } from './measured.ts'
import { productOf } from './product.ts'
import { withRedis } from './servers.ts'

const load = async (id: string) => productOf(id)
const ttl = 3_600_000

/** How often a caller has to wait for Redis, counted on the wire between the client and Redis. */
export const measure: Measure = (say) =>
  withRedis(async ({ port }) => {
    const rows: Awaited<ReturnType<Measure>>['rows'] = {}
    const aisle = await countAisle(port)
    rows.aisle = aisle
    for (const [at, name] of ['bare GET', ...libraries].entries()) {
      say(name)
      const proxy = await startCountingProxy(port)
      const contender = await openContender(name, {
        redisUrl: `${proxy.url}/${at + 1}`,
        load,
        ttl,
      })
      try {
        await contender.text('first')
        rows[name] = {
          'cold miss': await proxy.count(() => contender.text('a')),
          hit: await proxy.count(() => contender.text('a')),
          write: await proxy.count(() => contender.invalidate('a')),
        }
      } finally {
        await contender.close()
        proxy.close()
      }
    }
    return {
      rows,
      demands: {
        'round trips of a hit': exactly(1, aisle.hit),
        'round trips of a cold miss': exactly(3, aisle['cold miss']),
        'round trips of a write': exactly(1, aisle.write),
        'round trips of a negative hit': exactly(1, aisle['negative hit']),
        'round trips of getMany(100), cold': exactly(3, aisle['getMany(100), cold']),
        'round trips of getMany(100), hits': exactly(1, aisle['getMany(100), hits']),
      },
    }
  })

async function countAisle(port: number) {
  const proxy = await startCountingProxy(port)
  const redis = connectRedis(proxy.url)
  try {
    const cache = createCacheAside({
      redis,
      name: 'product',
      ttl,
      load: async (id) =>
        id === 'none' ? undefined : { value: id.startsWith('short') ? id : await load(id), version: 1 },
    })
    // The scripts are sent in full once in the life of a server.
    await cache.get('first')
    await cache.get('none')
    // Short values, so that no answer comes in several pieces, which would count as several.
    const many = Array.from({ length: 100 }, (_, n) => `short${n}`)
    const commit = async () => ({ value: productOf('a'), version: 2 })
    return {
      'cold miss': await proxy.count(() => cache.get('a')),
      hit: await proxy.count(() => cache.get('a')),
      write: await proxy.count(() => cache.write('a', commit)),
      'negative hit': await proxy.count(() => cache.get('none')),
      'getMany(100), cold': await proxy.count(() => cache.getMany(many)),
      'getMany(100), hits': await proxy.count(() => cache.getMany(many)),
    }
  } finally {
    redis.disconnect()
    proxy.close()
  }
}
