import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { createCacheAside } from '../../../lib/cacheAside/index.ts'
import { connectCache } from '../../../lib/clients/redis/index.ts'
import { sharedNow } from '../../support/clock.ts'
import { startCluster } from '../../support/cluster.ts'
import { startControl } from '../../support/control.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { fileCleanup } from '../../support/fileCleanup.ts'
import { startNetwork } from '../../support/network.ts'
import { type Text, textsIn } from '../../support/texts.ts'
import { timed } from '../../support/timed.ts'
import { check } from '../../torture/check.ts'
import { undisturbed } from '../../torture/circumstances.ts'
import type { Operation } from '../../torture/history.ts'
import { recordCache } from '../../torture/recordCache.ts'
import { describeViolations } from '../../torture/report.ts'

const afterFile = fileCleanup()
const network = await startNetwork()
afterFile(() => network.worker.kill())
const { db, table } = await freshTables()
/** So short that entries, stale windows and negative answers all expire many times during the test. */
const lifetimes = { ttl: 2000, jitter: 0.9, staleWhileRevalidate: 400, staleIfError: 400, negativeTtl: 300 }
const promises = {
  fallbackMs: 1000,
  lifeMs: lifetimes.ttl + lifetimes.staleWhileRevalidate + 2 * 3000 + 2500,
}
let cluster: Awaited<ReturnType<typeof startCluster>>
const testbed = {
  control: await startControl(network, afterFile),
  /** Starts a new cluster, because each run kills a master. Its servers are half a millisecond away. */
  async reset() {
    await cluster?.stop()
    cluster = await startCluster({ proxy: async (port) => (await network.open(port)).port })
  },
}
afterFile(() => cluster?.stop())
const texts = textsIn(db, table)
const ids = Array.from({ length: 12 }, (_, n) => `id${n}`)
const anyId = () => ids[Math.floor(Math.random() * ids.length)] ?? 'id0'

/** Reads and writes through a cache with a client of its own until `isOver`. */
function startLoad(process: string, record: (operation: Operation) => void, isOver: () => boolean) {
  const redis = connectCache(cluster.url)
  onTestFinished(() => redis.disconnect())
  const cache = createCacheAside<Text>({
    redis,
    name: 'text',
    ...lifetimes,
    load: (id, { signal }) => texts.read(id, signal),
    loadMany: (wanted, { signal }) => texts.readMany(wanted, signal),
  })
  const client = recordCache(cache, texts, process, record)
  const loop = async () => {
    while (!isOver()) {
      const dice = Math.random()
      if (dice < 0.7) await client.get(anyId())
      else if (dice < 0.9) await client.getMany(ids)
      else await client.write(anyId())
      await sleep(Math.random() * 20)
    }
  }
  return { cache, done: Promise.all(Array.from({ length: 4 }, loop)) }
}

timed('G4: no read is lost when a master is killed and replaced under load', testbed, async () => {
  const history: Operation[] = []
  let over = false
  const loads = ['1', '2', '3'].map((process) =>
    startLoad(
      process,
      (operation) => history.push(operation),
      () => over,
    ),
  )
  const key = (id: string) => loads[0]?.cache.key(id) ?? ''
  const master = await cluster.masterOf(key('id0'))
  const masters = await Promise.all(ids.map((id) => cluster.masterOf(key(id))))
  const isOnDeadShard = (id: string) => masters[ids.indexOf(id)] === master
  await sleep(1000)

  const killed = sharedNow()
  await master.stop('SIGKILL')
  await expect
    .poll(async () => (await cluster.masterOf(key('id0'))) !== master, { timeout: 15_000 })
    .toBe(true)
  const replaced = sharedNow()
  await sleep(1500)
  over = true
  await Promise.all(loads.map(({ done }) => done))

  const expectPromisesKept = (part: Operation[], keepsRemovals: boolean) => {
    const violations = check(part, { ...promises, keepsRemovals })
    const result = { history: part, circumstances: undisturbed }
    expect(violations.length, describeViolations(violations, result, promises)).toBe(0)
  }
  // Every read was answered, and every answer is a value that the database held recently enough.
  expectPromisesKept(history, false)
  // The replica may not have received the last removals that the dead master acknowledged. No others are lost.
  expectPromisesKept(
    history.filter(({ end }) => end < killed),
    true,
  )
  expectPromisesKept(
    history.filter(({ start }) => start > replaced),
    true,
  )
  expectPromisesKept(
    history.filter(({ id }) => !isOnDeadShard(id)),
    true,
  )

  const hits = history.filter((each) => each.type === 'answered' && each.status.startsWith('hit'))
  expect(hits.filter(({ id, start }) => isOnDeadShard(id) && start > replaced).length).toBeGreaterThan(10)
  const meanwhile = hits.filter(({ start, end }) => start > killed && end < replaced)
  expect(meanwhile.filter(({ id }) => !isOnDeadShard(id)).length).toBeGreaterThan(10)
})
