import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { type CacheEvent, createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { freePort } from '../../lib/local/servers/server.ts'

function connect(url: string) {
  const redis = connectRedis(url)
  onTestFinished(() => redis.disconnect())
  return redis
}
const nobody = async () => connect(`redis://127.0.0.1:${await freePort()}`)
const load = async (id: string) => ({ value: { id }, version: 1 })

test('a breaker that opens is told once, however many caches share the client', async () => {
  const redis = await nobody()
  const events: CacheEvent[] = []
  const caches = ['product', 'page', 'reviews'].map((name) =>
    createCacheAside({ redis, name, load, onEvent: (event) => events.push(event) }),
  )
  for (let n = 0; n < 4; n++) for (const cache of caches) await cache.get('a')
  expect(events.filter(({ type }) => type === 'breaker')).toMatchObject([{ state: 'open' }])
})

test('caches that were dropped leave nothing behind on their client', async () => {
  const redis = await nobody()
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heap = async () => {
    for (let n = 0; n < 3; n++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return process.memoryUsage().heapUsed
  }
  const make = (count: number) => {
    for (let n = 0; n < count; n++) createCacheAside({ redis, name: `text${n}`, load, onEvent: () => {} })
  }
  make(1_000)
  const before = await heap()
  make(20_000)
  // Less than a hundred bytes for each.
  expect((await heap()) - before).toBeLessThan(2_000_000)
})
