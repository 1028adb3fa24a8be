import { setTimeout as sleep } from 'node:timers/promises'
import { checkoutOf, withBefore } from '../support/checkouts.ts'
import { libraries, openContender } from '../support/contender.ts'
import { importEngine } from '../support/engine.ts'
import { exactly, type Measure, type Rows } from '../support/measurement.ts'
import { productOf } from '../support/product.ts'
import { withRedis } from '../support/servers.ts'
import { startCountingProxy } from './countingProxy.ts'

const load = async (id: string) => productOf(id)
const ttl = 3_600_000
/** A read proves again that Redis accepts removals if the process has not written for this long, ms. */
const unprovenAfterMs = 5_500

/** Counts how often a caller waits for Redis, on the wire between the client and Redis. */
export const measure: Measure = (report) =>
  withRedis(async ({ port }) => {
    const rows: Rows = {}
    for (const name of withBefore('aisle')) {
      report(name)
      rows[name] = await countAisle(name, port)
    }
    const { aisle = {} } = rows
    for (const [at, name] of ['bare GET', ...libraries].entries()) {
      report(name)
      rows[name] = await countOther(name, port, at + 1)
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
        'proofs, in all but the hit that must carry one': exactly(0, Number(aisle['other proofs'])),
      },
    }
  })

/** @param database the number of the contender's own database */
async function countOther(name: string, port: number, database: number): Promise<Record<string, number>> {
  const proxy = await startCountingProxy(port)
  const contender = await openContender(name, { redisUrl: `${proxy.url}/${database}`, load, ttl })
  const roundTrips = async (act: () => Promise<unknown>) => (await proxy.count(act)).roundTrips
  try {
    await contender.text('first')
    return {
      'cold miss': await roundTrips(() => contender.text('a')),
      hit: await roundTrips(() => contender.text('a')),
      write: await roundTrips(() => contender.invalidate('a')),
    }
  } finally {
    await contender.close()
    proxy.close()
  }
}

async function countAisle(name: string, port: number): Promise<Record<string, number>> {
  const proxy = await startCountingProxy(port)
  const { createCacheAside, connectCache } = await importEngine(checkoutOf(name))
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
    const options = { redis, prefix: name.replaceAll(' ', '-'), ttl, load: loaded }
    const cache = createCacheAside({ ...options, name: 'product' })
    const batched = createCacheAside({
      ...{ ...options, name: 'together' },
      loadMany: async (ids) =>
        new Map(await Promise.all(ids.map(async (id) => [id, await loaded(id)] as const))),
    })
    // The client sends the scripts in full once in the life of a server.
    await cache.get('first')
    await cache.get('none')
    // Short values: an answer that arrives in several pieces would count as several round trips.
    const many = Array.from({ length: 100 }, (_, n) => `short${n}`)
    const commit = async () => ({ value: productOf('a'), version: 2 })
    const counted = {
      'cold miss': await roundTrips(() => cache.get('a')),
      hit: await roundTrips(() => cache.get('a')),
      write: await roundTrips(() => cache.write('a', commit)),
      'negative hit': await roundTrips(() => cache.get('none')),
      'getMany(100), cold': await roundTrips(() => cache.getMany(many)),
      'by loadMany, cold': await roundTrips(() => batched.getMany(many)),
    }
    // If the machine stalled, a fill came too late and was not stored.
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
