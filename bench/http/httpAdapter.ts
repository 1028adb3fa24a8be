import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../../lib/redis.ts'
import { atLeast, exactly, type Measure, median, round, within } from '../cacheAside/measured.ts'
import { productOf } from '../cacheAside/product.ts'
import { withRedis } from '../cacheAside/servers.ts'
import type { Load, Loaded } from './loadGenerator.ts'
import { withFile } from './output.ts'

const rounds = 21
const ms = 500
const connections = 16
const prefix = 'bench'
const ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)

/**
 * Requests a second behind a plain node:http adapter: getProduct, hits only, beside a handler that returns one of its
 * answers as a constant. Server and load generator are processes of their own; the two handlers take turns. The log
 * goes into a file, for the reader of a pipe would be one more process that wants a core.
 */
export const measure: Measure = (say) =>
  withRedis((redis) =>
    withFile(async (log) => {
      say('filling')
      await fill(redis.url)
      const env = {
        ...process.env,
        TABLE_NAME: prefix,
        REDIS_URL: redis.url,
        DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
        STOREFRONT_ORIGINS: 'https://shop.example',
      }
      const children: ChildProcess[] = []
      const start = (file: string, args: string[], output: number | 'inherit') => {
        const stdio = ['ignore', output, 'inherit', 'ipc'] as const
        const child = fork(new URL(file, import.meta.url), args, { env, stdio: [...stdio] })
        children.push(child)
        return child
      }
      try {
        const ports: Record<string, number> = {}
        for (const handler of ['constant', 'getProduct'])
          ports[handler] = await answer<number>(start('adapter.ts', [handler], log))
        const generator = start('loadGenerator.ts', [], 'inherit')
        const turn = (handler: string, duration: number) => {
          const load: Load = { port: ports[handler] ?? 0, connections, ms: duration, ids }
          generator.send(load)
          return answer<Loaded>(generator)
        }
        for (const handler of ['constant', 'getProduct', 'constant', 'getProduct']) await turn(handler, 1_500)
        const rates: Record<string, number[]> = { constant: [], getProduct: [] }
        const ratios: number[] = []
        const failed = { misses: 0, errors: 0 }
        for (let n = 0; n < rounds; n++) {
          say(`round ${n + 1} of ${rounds}`)
          const order = n % 2 ? ['getProduct', 'constant'] : ['constant', 'getProduct']
          const found: Record<string, number> = {}
          for (const handler of order) {
            const { perSecond, misses, errors } = await turn(handler, ms)
            found[handler] = perSecond
            rates[handler]?.push(perSecond)
            failed.misses += misses
            failed.errors += errors
          }
          ratios.push((found.getProduct ?? 0) / (found.constant ?? 1))
        }
        return {
          rows: Object.fromEntries(
            Object.entries(rates).map(([handler, each]) => [handler, { 'requests/s': round(median(each)) }]),
          ),
          demands: {
            'getProduct behind node:http at 16 connections, to a constant': atLeast(
              0.7,
              round(median(ratios), 3),
            ),
            'answers that were no 200': exactly(0, failed.errors),
          },
          notes: { 'answers that were no hit': failed.misses },
        }
      } finally {
        for (const child of children) child.kill('SIGKILL')
      }
    }),
  )

async function fill(redisUrl: string): Promise<void> {
  const redis = connectRedis(redisUrl)
  const cache = createCacheAside({
    ...{ redis, prefix, name: 'product', ttl: 3_600_000 },
    load: async (id) => ({ value: productOf(id), version: 1 }),
  })
  for (const id of ids) await cache.get(id)
  redis.disconnect()
}

/** The next message of a process. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const heard = new AbortController()
  const { signal } = heard
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`A process of the benchmark ended with ${code}`)
  })
  try {
    const [message] = await within(
      30_000,
      'an answer',
      Promise.race([once(child, 'message', { signal }), gone]),
    )
    return message as T
  } finally {
    gone.catch(() => {})
    heard.abort()
  }
}
