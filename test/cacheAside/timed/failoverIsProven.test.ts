import { setTimeout as sleep } from 'node:timers/promises'
import calculateSlot from 'cluster-key-slot'
import { Cluster } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { startCluster } from '../../support/cluster.ts'
import { untilFileEnds } from '../../support/ends.ts'
import { startQuiet } from '../../support/quiet.ts'
import { timed } from '../../support/timed.ts'

const ends = untilFileEnds()
const ground = await startQuiet()

timed(
  'G4: after a failover the new master is proven to take removals, also where only hits come',
  ground,
  async () => {
    const cluster = await startCluster()
    ends(cluster.stop)
    const redis = connectCache(cluster.url)
    onTestFinished(() => redis.disconnect())
    if (!(redis instanceof Cluster)) throw new Error('This is no cluster')
    const cache = createCacheAside({
      redis,
      name: 'text',
      load: async (id) => ({ value: { id }, version: 1 }),
    })
    const ids = Array.from({ length: 12 }, (_, n) => `id${n}`)
    for (const id of ids) await cache.get(id)
    const masterOf = (id: string) => redis.slots[calculateSlot(cache.key(id))]?.[0]
    const [first = ''] = ids
    const former = masterOf(first)
    const there = ids.filter((id) => masterOf(id) === former)
    const elsewhere = ids.filter((id) => masterOf(id) !== former)

    // A failover that nobody's connection feels: the replica asks to take over.
    const { port } = await cluster.masterOf(cache.key(first))
    const replicas = await Promise.all(
      cluster.admins.map(async (admin) => {
        const role = (await admin.role()) as [string, string, number]
        return role[0] === 'slave' && role[2] === port ? admin : undefined
      }),
    )
    const replica = replicas.find((admin) => admin !== undefined)
    await replica?.call('CLUSTER', 'FAILOVER')
    await expect
      .poll(async () => {
        await cache.get(first)
        return masterOf(first)
      })
      .not.toBe(former)
    // From now on it refuses writes, as a master does that has lost its replicas. The others are proven by what is removed.
    await replica?.config('SET', 'min-replicas-to-write', '5')
    const begun = performance.now()
    let lastHit = 0
    while (performance.now() - begun < 7_000) {
      for (const id of elsewhere) expect(await cache.invalidate(id)).toBe('done')
      for (const id of there) if ((await cache.get(id)).status.hit) lastHit = performance.now() - begun
      await sleep(20)
    }
    expect(lastHit).toBeLessThan(6_000)
  },
)
