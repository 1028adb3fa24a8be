import { Cluster } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { openCatalogUpkeep } from '../../lib/catalog/upkeep.ts'
import { expire, flush } from '../../lib/local/inspector/catalogue.ts'
import { startCluster } from '../support/cluster.ts'
import { aclArgs, adminPassword, user } from '../support/redisAcl.ts'

const prefix = 'aisle-local'
const cluster = await startCluster({ args: aclArgs(prefix), password: adminPassword, replicas: false })
afterAll(cluster.stop)

test('flush and expire work on a cluster, for a user who may run only the commands of the deployed one', async () => {
  const { hostname, port } = new URL(cluster.url)
  const admin = new Cluster([{ host: hostname, port: Number(port) }], {
    redisOptions: { password: adminPassword },
  })
  const catalogue = openCatalogUpkeep({
    table: prefix,
    redisUrl: cluster.url.replace('//', `//${user.name}:${user.password}@`),
    dynamodbEndpoint: 'http://127.0.0.1:9',
  })
  catalogue.redis.on('error', () => {})
  afterAll(() => {
    catalogue.close()
    admin.disconnect()
  })
  // 30 products, whose keys are on all three masters.
  const ids = Array.from({ length: 30 }, (_, n) => `p${n}`)
  const keys = ids.flatMap((id) => catalogue.kinds.map(({ key }) => key(id)))
  for (const key of [...keys, 'other', `${prefix}2:{p0}:product:2`]) await admin.set(key, 'held')

  expect(await expire(catalogue, 'p0')).toBe(3)
  expect(await admin.exists(catalogue.kinds.map(({ key }) => key('p0')))).toBe(0)
  expect(await flush(catalogue)).toBe(keys.length - 3)
  const left = await Promise.all(cluster.admins.map((node) => node.keys('*')))
  expect(left.flat().sort()).toEqual([`${prefix}2:{p0}:product:2`, 'other'].sort())
})
