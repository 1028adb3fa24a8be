import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Contender, openContender } from './contender.ts'
import { productOf } from './product.ts'

let ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)
let contender: Contender
let loads = 0

/** The tasks of a worker. */
export const tasks = {
  /** Opens a contender whose loads take `loadMs`, and lets it connect. */
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
    // The first miss also makes Redis load the scripts.
    await contender.text(`opened-by-${process.pid}`)
  },

  /** Fills the cache with all ids, then checks that the answers are right and come from the cache. */
  async fill() {
    const check = contender.check ?? checkProduct
    for (let attempt = 1; ; attempt++) {
      for (const id of ids) await contender.text(id)
      await sleep(50)
      const before = loads
      for (const id of ids) check(id, await contender.text(id))
      if (loads === before) return
      // A cache may answer without Redis if the machine stalls. The ids are then filled again.
      if (attempt === 5) throw new Error(`${loads - before} of ${ids.length} filled ids were loaded again`)
    }
  },

  /** Restricts the next tasks to these ids. */
  async restrictTo({ only }: { only: string[] }) {
    ids = only
  },

  /** Reads each of these ids once and returns how many loads that took. */
  async countLoads({ some }: { some: string[] }) {
    const before = loads
    for (const id of some) await contender.text(id)
    return loads - before
  },

  /**
   * Answers hits for `ms` milliseconds and returns the rate. Before that it does the same unmeasured for half as long.
   * No two callers ask for the same id at the same time.
   */
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
    // V8 shrinks the heap of a process that is idle for seconds, and the process is slow at first.
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

  /**
   * Lets this number of callers ask for one id at the same time.
   *
   * @param at when they ask, epoch ms
   * @returns how many loads that took, and the time until the last answer, ms
   */
  async burst({ id, callers, at }: { id: string; callers: number; at: number }) {
    loads = 0
    await sleep(Math.max(0, at - Date.now()))
    const texts = await Promise.all(Array.from({ length: callers }, () => contender.text(id)))
    for (const text of texts) checkProduct(id, text)
    return { loads, ms: Date.now() - at }
  },

  /**
   * Reads one id after the other while Redis is stopped.
   *
   * @param limit how long the first answer may take, and how long all further answers may take together, ms
   * @param answers how many answers to wait for after the first
   * @returns the time until the first answer, and the time of each further answer, ms
   */
  async outage({ limit, answers }: { limit: number; answers: number }) {
    const times: number[] = []
    let errors = 0
    // An error is not an answer, so the time until the first answer includes all failed attempts.
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

  /**
   * Answers this number of requests from 32 callers. Every 99th request removes the entry first, so that its answer is
   * a miss.
   *
   * @returns the memory of the process after a garbage collection, bytes
   */
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

/** Compares the values, not the texts: async-cache-dedupe changes the order of an object's names. */
function checkProduct(id: string, text: string) {
  if (!isDeepStrictEqual(JSON.parse(text), productOf(id)))
    throw new Error(`The text for ${id} is wrong: ${text}`)
}

export type Tasks = typeof tasks
