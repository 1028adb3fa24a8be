import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Contender, openContender } from './contender.ts'
import { productOf } from './product.ts'

let ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)
let contender: Contender
let loads = 0

/** What a worker does for a measurement. */
export const tasks = {
  /** Opens a contender whose loads take `loadMs`, and has it connect. */
  async open({
    name,
    redisUrl,
    prefix,
    loadMs = 0,
  }: {
    name: string
    redisUrl: string
    prefix?: string
    loadMs?: number
  }) {
    await contender?.close()
    const load = async (id: string) => {
      loads++
      if (loadMs > 0) await sleep(loadMs)
      return productOf(id)
    }
    contender = await openContender(name, {
      ...{ redisUrl, load, ttl: 3_600_000 },
      ...(prefix !== undefined && { prefix }),
    })
    // The first miss has the scripts loaded as well.
    await contender.text(`opened-by-${process.pid}`)
  },

  /** Fills the cache with all ids, and makes sure that the answers are right and come from the cache. */
  async fill() {
    const right = contender.check ?? check
    for (let attempt = 1; ; attempt++) {
      for (const id of ids) await contender.text(id)
      await sleep(50)
      const before = loads
      for (const id of ids) right(id, await contender.text(id))
      if (loads === before) return
      // A machine that stood still had an answer come without Redis.
      if (attempt === 5) throw new Error(`${loads - before} of ${ids.length} filled ids were loaded again`)
    }
  },

  /** From now on asks for these ids alone. */
  async choose({ only }: { only: string[] }) {
    ids = only
  },

  /** Asks for each of these ids, and says how many were loaded for it. */
  async ask({ some }: { some: string[] }) {
    const before = loads
    for (const id of some) await contender.text(id)
    return loads - before
  },

  /** Asks for `ms` milliseconds, all of it hits, no id by two callers at once; before that for half as long unmeasured. */
  async slice({ concurrency, ms }: { concurrency: number; ms: number }) {
    let asked = 0
    const ask = async (until: number) => {
      while (performance.now() < until) {
        const text = await contender.text(ids[asked++ % ids.length] as string)
        if (text.length < 2_000) throw new Error('An answer was empty')
      }
    }
    const all = (until: number) => Promise.all(Array.from({ length: concurrency }, () => ask(until)))
    const before = loads
    // A process that has been idle for seconds is slow at first: its heap has been shrunk.
    await all(performance.now() + ms / 2)
    const warm = asked
    const cpu = process.cpuUsage()
    const begun = performance.now()
    await all(begun + ms)
    const spent = performance.now() - begun
    const { user, system } = process.cpuUsage(cpu)
    const count = asked - warm
    return {
      asked,
      loaded: loads - before,
      perSecond: (1_000 * count) / spent,
      cpuMicros: (user + system) / count,
    }
  },

  /** So many callers at once for one id, at a time of the clock; how many of them came to load. */
  async burst({ id, callers, at }: { id: string; callers: number; at: number }) {
    loads = 0
    await sleep(Math.max(0, at - Date.now()))
    const texts = await Promise.all(Array.from({ length: callers }, () => contender.text(id)))
    for (const text of texts) check(id, text)
    return { loads, ms: Date.now() - at }
  },

  /** Redis has been stopped: the time until the first answer, then the times of `answers` more, in ms; `limit` for each. */
  async outage({ limit, answers }: { limit: number; answers: number }) {
    const times: number[] = []
    let errors = 0
    // Until the first answer, what counts is how long a caller has gone without one.
    let start = performance.now()
    let deadline = start + limit
    while (times.length <= answers && performance.now() < deadline) {
      const answer = contender.text(ids[times.length % ids.length] as string).then(
        () => 'answered',
        () => 'failed',
      )
      const late = sleep(Math.max(1, deadline - performance.now()), 'late', { ref: false })
      const outcome = await Promise.race([answer, late])
      if (outcome === 'failed' && ++errors) await sleep(1)
      if (outcome !== 'answered') continue
      times.push(performance.now() - start)
      start = performance.now()
      if (times.length === 1) deadline = start + limit
    }
    const [first, ...following] = times
    return { first, following, errors }
  },

  /** So many hits at 32 callers; every 99th is invalidated first, so that its answer is a miss. */
  async batch({ requests }: { requests: number }) {
    let asked = 0
    const caller = async () => {
      while (asked < requests) {
        const at = asked++
        const id = ids[at % ids.length] as string
        if (at % 99 === 0) await contender.invalidate(id)
        await contender.text(id)
      }
    }
    await Promise.all(Array.from({ length: 32 }, caller))
    await sleep(50)
    for (let n = 0; n < 3; n++) globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    return { rss, heapUsed }
  },
}

/** As values, for async-cache-dedupe puts the names in another order. */
function check(id: string, text: string) {
  if (!isDeepStrictEqual(JSON.parse(text), productOf(id))) throw new Error(`A wrong text for ${id}: ${text}`)
}

export type Tasks = typeof tasks
