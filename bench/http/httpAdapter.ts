import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { beforeSuffix, engineOf, folderOf, withBefore } from '../cacheAside/engine.ts'
import { atLeast, exactly, type Measure, median, round, roundsOf, within } from '../cacheAside/measured.ts'
import { productOf } from '../cacheAside/product.ts'
import { withRedis } from '../cacheAside/servers.ts'
import type { Load, Loaded } from './loadGenerator.ts'
import { withFile } from './output.ts'

const rounds = roundsOf(21)
const ms = 500
const connections = 16
const prefix = 'bench'
const bare = 'bare GET'
const ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)

/**
 * Requests a second behind a plain node:http adapter: getProduct, hits only, beside a handler that returns one of its
 * answers as a constant, and beside a server that answers with the text of one bare GET. Servers and load generator are
 * processes of their own; the servers take turns. The log goes into a file, for the reader of a pipe would be one more
 * process that wants a core.
 */
export const measure: Measure = (say) =>
  withRedis((redis) =>
    withFile(async (log) => {
      const handlers = ['constant', bare, ...withBefore('getProduct')]
      const children: ChildProcess[] = []
      const start = (file: string, args: string[], output: number | 'inherit') => {
        const env = {
          ...process.env,
          TABLE_NAME: prefix,
          // The entries of another checkout may have the same keys and another form.
          REDIS_URL: `${redis.url}/${args[0]?.endsWith(beforeSuffix) ? 1 : 0}`,
          DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
          STOREFRONT_ORIGINS: 'https://shop.example',
        }
        const stdio = ['ignore', output, 'inherit', 'ipc'] as const
        const child = fork(new URL(file, import.meta.url), args, { env, stdio: [...stdio] })
        children.push(child)
        return child
      }
      try {
        say('filling')
        for (const handler of withBefore('getProduct')) await fill(handler, redis.url)
        const ports: Record<string, number> = {}
        for (const handler of handlers)
          ports[handler] = await answer<number>(start('adapter.ts', [handler, redis.url], log))
        const generator = start('loadGenerator.ts', [], 'inherit')
        const turn = (handler: string, duration: number) => {
          const load: Load = { port: ports[handler] ?? 0, connections, ms: duration, ids }
          generator.send(load)
          return answer<Loaded>(generator)
        }
        for (const handler of [...handlers, ...handlers]) await turn(handler, 1_500)
        const rates: Record<string, number[]> = Object.fromEntries(handlers.map((handler) => [handler, []]))
        const failed = { misses: 0, errors: 0 }
        for (let n = 0; n < rounds; n++) {
          say(`round ${n + 1} of ${rounds}`)
          for (const handler of n % 2 ? handlers.toReversed() : handlers) {
            const { perSecond, misses, errors } = await turn(handler, ms)
            rates[handler]?.push(perSecond)
            if (handler !== bare) failed.misses += misses
            failed.errors += errors
          }
        }
        const ratio = (handler: string, to: string) =>
          round(median((rates[handler] ?? []).map((rate, n) => rate / (rates[to]?.[n] ?? 0))), 3)
        return {
          rows: Object.fromEntries(
            Object.entries(rates).map(([handler, each]) => [
              handler,
              {
                'requests/s': round(median(each)),
                'to a constant': ratio(handler, 'constant'),
                'to a bare GET': ratio(handler, bare),
              },
            ]),
          ),
          demands: {
            'getProduct behind node:http at 16 connections, to a constant': atLeast(
              0.7,
              ratio('getProduct', 'constant'),
            ),
            'getProduct behind node:http at 16 connections, to a bare GET behind it': atLeast(
              0.95,
              ratio('getProduct', bare),
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

/** Fills what a handler reads, and beside it the texts for the bare GET. */
async function fill(handler: string, redisUrl: string): Promise<void> {
  const { createCacheAside, connectCache } = await engineOf(folderOf(handler))
  const redis = connectCache(`${redisUrl}/${handler.endsWith(beforeSuffix) ? 1 : 0}`)
  const cache = createCacheAside({
    ...{ redis, prefix, name: 'product', ttl: 3_600_000 },
    load: async (id) => ({ value: productOf(id), version: 1 }),
  })
  for (const id of ids) {
    const { body = '' } = await cache.get(id)
    await redis.set(`bare:${id}`, body)
  }
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
