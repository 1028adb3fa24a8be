import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { type CacheEvent, createCacheAside } from '../../lib/cacheAside/index.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { connectRedis } from '../support/connectRedis.ts'

function connect(url: string) {
  const redis = connectRedis(url)
  onTestFinished(() => redis.disconnect())
  return redis
}
const connectToNothing = async () => connect(`redis://127.0.0.1:${await freePort()}`)
const load = async (id: string) => ({ value: { id }, version: 1 })

test('a breaker that opens emits one event, however many caches share the client', async () => {
  const redis = await connectToNothing()
  const events: CacheEvent[] = []
  const caches = ['product', 'page', 'reviews'].map((name) =>
    createCacheAside({ redis, name, load, onEvent: (event) => events.push(event) }),
  )
  for (let n = 0; n < 4; n++) for (const cache of caches) await cache.get('a')
  expect(events.filter(({ type }) => type === 'breaker')).toMatchObject([{ state: 'open' }])
})

test('a dropped cache leaves nothing behind on its client', async () => {
  const redis = await connectToNothing()
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heap = async () => {
    for (let n = 0; n < 3; n++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return process.memoryUsage().heapUsed
  }
  const createMany = (count: number) => {
    for (let n = 0; n < count; n++) createCacheAside({ redis, name: `text${n}`, load, onEvent: () => {} })
  }
  createMany(1_000)
  const before = await heap()
  createMany(20_000)
  // Less than 100 bytes for each cache.
  expect((await heap()) - before).toBeLessThan(2_000_000)
})
