import { atMost, type Measure, round } from './measured.ts'
import { withRedis } from './servers.ts'
import { Worker } from './worker.ts'

const checkpoints = 10
const requests = 100_000

/** The memory of a process over 1,000,000 requests, after a forced garbage collection each time. */
export const measure: Measure = (say) =>
  withRedis(async (redis) => {
    const worker = new Worker(['--expose-gc'])
    try {
      await worker.call('open', { name: 'aisle', redisUrl: `${redis.url}/0` })
      await worker.call('fill', undefined)
      const rows: Awaited<ReturnType<Measure>>['rows'] = {}
      const heap: number[] = []
      for (let n = 1; n <= checkpoints; n++) {
        say(`${n} of ${checkpoints} x ${requests}`)
        const { rss, heapUsed } = await worker.call('batch', { requests }, 60_000)
        heap.push(heapUsed / 1e6)
        rows[(n * requests).toLocaleString('en')] = {
          'heap, MB': round(heapUsed / 1e6, 2),
          'RSS, MB': round(rss / 1e6, 1),
        }
      }
      // The first batches compile code, which stays in the heap.
      const growth = (heap.at(-1) ?? 0) / (heap[2] ?? 0)
      return {
        rows,
        demands: { 'heap after 1,000,000 requests, to that after 300,000': atMost(1.03, round(growth, 3)) },
      }
    } finally {
      worker.end()
    }
  })
