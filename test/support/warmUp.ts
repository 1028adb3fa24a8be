import { setTimeout as sleep } from 'node:timers/promises'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectCache } from '../../lib/clients/redis/index.ts'
import { sharedNow } from './clock.ts'

/** Repeats an action until it succeeds. @throws its error, if it still fails after 10 s */
export async function retryUntilDone(act: () => Promise<unknown> | undefined): Promise<void> {
  const end = sharedNow() + 10_000
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (sharedNow() > end) throw error
      await sleep(50)
    }
  }
}

/** Runs the operations of a cache many times, because the first ones in a process are slow. */
export async function warmUp(redisUrl: string): Promise<void> {
  const client = connectCache(redisUrl)
  await retryUntilDone(() => client.exists('connected'))
  const load = async () => ({ value: { text: 'warm' }, version: 1 })
  const cache = createCacheAside({ redis: client, name: 'warm', prefix: `warm${process.pid}`, load })
  const ids = Array.from({ length: 24 }, (_, n) => `warm${n}`)
  for (let round = 0; round < 20; round++) {
    await Promise.all(ids.map((id) => cache.get(id)))
    await cache.getMany(ids)
    await Promise.all(ids.map((id) => cache.invalidate(id)))
    await cache.getMany(ids)
  }
  for (const id of ids) await cache.invalidate(id)
  client.disconnect()
}
