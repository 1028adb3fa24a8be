import { setTimeout as sleep } from 'node:timers/promises'
import calculateSlot from 'cluster-key-slot'
import { Cluster } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { startCluster } from '../../support/cluster.ts'
import { startControlOnly } from '../../support/controlOnly.ts'
import { fileCleanup } from '../../support/fileCleanup.ts'
import { timed } from '../../support/timed.ts'

const afterFile = fileCleanup()
const testbed = await startControlOnly()

timed(
  'G4: after a failover the new master has to prove that it takes removals, even if all reads are hits',
  testbed,
  async () => {
    const cluster = await startCluster()
    afterFile(cluster.stop)
    const redis = connectCache(cluster.url)
    onTestFinished(() => redis.disconnect())
    if (!(redis instanceof Cluster)) throw new Error('The client must be a cluster client')
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
    const onShard = ids.filter((id) => masterOf(id) === former)
    const elsewhere = ids.filter((id) => masterOf(id) !== former)

    // This failover breaks no connection: the replica asks to take over.
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
    // From now on it refuses writes, like a master that has lost its replicas. Removals prove the other shards.
    await replica?.config('SET', 'min-replicas-to-write', '5')
    const begun = performance.now()
    let lastHit = 0
    while (performance.now() - begun < 7_000) {
      for (const id of elsewhere) expect(await cache.invalidate(id)).toBe('done')
      for (const id of onShard) if ((await cache.get(id)).status.hit) lastHit = performance.now() - begun
      await sleep(20)
    }
    expect(lastHit).toBeLessThan(6_000)
  },
)
