import calculateSlot from 'cluster-key-slot'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { startCluster } from '../support/cluster.ts'

const cluster = await startCluster({ replicas: false })
afterAll(cluster.stop)

test('G10: while a slot migrates, a removal deletes the keys of an id on both nodes', async () => {
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const caches = ['product', 'page', 'reviews'].map((name) =>
    createCacheAside({ redis, name, load: async (id) => ({ value: { id }, version: 1 }) }),
  )
  const [product, page, reviews] = caches
  if (!product || !page || !reviews) throw new Error('A cache is missing')
  const id = 'a'
  for (const cache of caches) expect((await cache.get(id)).status.stored).toBe(true)

  const slot = String(calculateSlot(product.key(id)))
  const ports = await Promise.all(
    cluster.admins.map(async (admin) => Number(((await admin.config('GET', 'port')) as string[])[1])),
  )
  const source = cluster.admins[ports.indexOf((await cluster.masterOf(product.key(id))).port)]
  const target = cluster.admins.find((admin) => admin !== source)
  if (!source || !target) throw new Error('A shard is missing')
  const [from, to] = [await source.cluster('MYID'), await target.cluster('MYID')]
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from)
  await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to)
  // One of the three keys moves to the target.
  await source.call(
    'MIGRATE',
    '127.0.0.1',
    String(ports[cluster.admins.indexOf(target)]),
    page.key(id),
    '0',
    '5000',
  )

  const written = await product.write(id, async () => ({ value: { id }, version: 2 }), {
    also: [page, reviews],
  })
  expect(written.invalidation).toBe('done')
  for (const cache of caches) expect((await cache.get(id)).status.hit).toBe(false)
  // The same for a removal with a version, when keys are on both nodes again.
  expect(await product.invalidate(id, { version: 3, also: [page, reviews] })).toBe('done')

  for (const admin of [target, source, ...cluster.admins])
    await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', to).catch(() => {})
})
