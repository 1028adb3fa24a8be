import { setTimeout as sleep } from 'node:timers/promises'
import { libraries, openContender } from './contender.ts'
import { startCountingProxy } from './countingProxy.ts'
import { engineOf, folderOf, withBefore } from './engine.ts'
import { exactly, type Measure } from './measured.ts'
import { productOf } from './product.ts'
import { withRedis } from './servers.ts'

const load = async (id: string) => productOf(id)
const ttl = 3_600_000
/** After so long without a write a read proves again that Redis takes removals, ms. */
const unprovenAfterMs = 5_500

/** How often a caller has to wait for Redis, counted on the wire between the client and Redis. */
export const measure: Measure = (say) =>
  withRedis(async ({ port }) => {
    const rows: Awaited<ReturnType<Measure>>['rows'] = {}
    for (const name of withBefore('aisle')) {
      say(name)
      rows[name] = await countAisle(name, port)
    }
    const { aisle = {} } = rows
    for (const [at, name] of ['bare GET', ...libraries].entries()) {
      say(name)
      const proxy = await startCountingProxy(port)
      const contender = await openContender(name, {
        redisUrl: `${proxy.url}/${at + 1}`,
        load,
        ttl,
      })
      const roundTrips = async (act: () => Promise<unknown>) => (await proxy.count(act)).roundTrips
      try {
        await contender.text('first')
        rows[name] = {
          'cold miss': await roundTrips(() => contender.text('a')),
          hit: await roundTrips(() => contender.text('a')),
          write: await roundTrips(() => contender.invalidate('a')),
        }
      } finally {
        await contender.close()
        proxy.close()
      }
    }
    const demanded = {
      'a hit': 'hit',
      'a cold miss': 'cold miss',
      'a write': 'write',
      'a negative hit': 'negative hit',
      'getMany(100), hits': 'getMany(100), hits',
      'getMany(100) with loadMany, cold': 'by loadMany, cold',
      'a hit that carries a proof': 'hit with a proof',
    }
    return {
      rows,
      demands: {
        ...Object.fromEntries(
          Object.entries(demanded).map(([what, column]) => [
            `round trips of ${what}`,
            exactly(/cold/.test(what) ? 3 : 1, Number(aisle[column])),
          ]),
        ),
        'proofs, in all but the hit that is to carry one': exactly(0, Number(aisle['other proofs'])),
      },
    }
  })

async function countAisle(contender: string, port: number): Promise<Record<string, number>> {
  const proxy = await startCountingProxy(port)
  const { createCacheAside, connectCache } = await engineOf(folderOf(contender))
  const redis = connectCache(proxy.url)
  let proofs = 0
  const roundTrips = async (act: () => Promise<unknown>) => {
    const counted = await proxy.count(act)
    proofs += counted.proofs
    return counted.roundTrips
  }
  try {
    const loaded = async (id: string) =>
      id === 'none' ? undefined : { value: id.startsWith('short') ? id : await load(id), version: 1 }
    const options = { redis, prefix: contender.replaceAll(' ', '-'), ttl, load: loaded }
    const cache = createCacheAside({ ...options, name: 'product' })
    const together = createCacheAside({
      ...{ ...options, name: 'together' },
      loadMany: async (ids) =>
        new Map(await Promise.all(ids.map(async (id) => [id, await loaded(id)] as const))),
    })
    // The scripts are sent in full once in the life of a server.
    await cache.get('first')
    await cache.get('none')
    // Short values, so that no answer comes in several pieces, which would count as several.
    const many = Array.from({ length: 100 }, (_, n) => `short${n}`)
    const commit = async () => ({ value: productOf('a'), version: 2 })
    const counted = {
      'cold miss': await roundTrips(() => cache.get('a')),
      hit: await roundTrips(() => cache.get('a')),
      write: await roundTrips(() => cache.write('a', commit)),
      'negative hit': await roundTrips(() => cache.get('none')),
      'getMany(100), cold': await roundTrips(() => cache.getMany(many)),
      'by loadMany, cold': await roundTrips(() => together.getMany(many)),
    }
    // What came too late on a machine that stood still was not stored.
    for (let n = 0; n < 5 && !(await cache.getMany(many)).every(({ status }) => status.hit); n++);
    const hits = await roundTrips(() => cache.getMany(many))
    await sleep(unprovenAfterMs)
    const proving = await proxy.count(() => cache.get('first'))
    return {
      ...{ ...counted, 'getMany(100), hits': hits, 'other proofs': proofs },
      ...{ 'hit with a proof': proving.roundTrips, 'proofs in it': proving.proofs },
    }
  } finally {
    redis.disconnect()
    proxy.close()
  }
}
