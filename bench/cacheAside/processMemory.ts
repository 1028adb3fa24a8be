import { atMost, type Measure, type Rows } from '../support/measurement.ts'
import { withRedis } from '../support/servers.ts'
import { round } from '../support/statistics.ts'
import { Worker } from '../support/worker.ts'

const checkpoints = 10
const requests = 100_000

/** Measures the memory of a process over 1,000,000 requests, each time after a forced garbage collection. */
export const measure: Measure = (report) =>
  withRedis(async (redis) => {
    const worker = new Worker(['--expose-gc'])
    try {
      await worker.call('open', { name: 'aisle', redisUrl: `${redis.url}/0` })
      await worker.call('fill', undefined)
      const rows: Rows = {}
      const heap: number[] = []
      for (let n = 1; n <= checkpoints; n++) {
        report(`${n} of ${checkpoints} x ${requests}`)
        const { rss, heapUsed } = await worker.call('batch', { requests }, 60_000)
        heap.push(heapUsed / 1e6)
        rows[(n * requests).toLocaleString('en')] = {
          'heap, MB': round(heapUsed / 1e6, 2),
          'RSS, MB': round(rss / 1e6, 1),
        }
      }
      // The growth counts from 300,000 requests, because the first batches compile code, which stays in the heap.
      const growth = (heap.at(-1) ?? 0) / (heap[2] ?? 0)
      return {
        rows,
        demands: { 'heap after 1,000,000 requests, to that after 300,000': atMost(1.03, round(growth, 3)) },
      }
    } finally {
      worker.end()
    }
  })
