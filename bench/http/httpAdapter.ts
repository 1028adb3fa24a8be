import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { beforeSuffix, checkoutOf, withBefore } from '../support/checkouts.ts'
import { importEngine } from '../support/engine.ts'
import { atLeast, exactly, type Measure, roundsOf } from '../support/measurement.ts'
import { productOf } from '../support/product.ts'
import { withRedis } from '../support/servers.ts'
import { median, round } from '../support/statistics.ts'
import { within } from '../support/timeout.ts'
import { handlerEnvironment, handlerTable } from './handlerContender.ts'
import type { LoadReport, LoadRequest } from './loadGenerator.ts'
import { withFile } from './output.ts'

const rounds = roundsOf(21)
const ms = 500
const connections = 16
const bare = 'bare GET'
const ids = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)

/**
 * Measures the requests a second that getProduct serves behind a plain node:http adapter, hits only. Two servers are
 * compared with it: one whose handler returns one of getProduct's responses as a constant, and one that answers with the
 * text of a bare GET. The servers and the load generator are processes of their own, and the servers take turns. The log
 * goes into a file, because the reader of a pipe would be one more process that needs a core.
 */
export const measure: Measure = (report) =>
  withRedis((redis) =>
    withFile(async (log) => {
      const handlers = ['constant', bare, ...withBefore('getProduct')]
      const children: ChildProcess[] = []
      const start = (file: string, args: string[], output: number | 'inherit') => {
        const env = { ...process.env, ...handlerEnvironment(databaseOf(args[0] ?? '', redis.url)) }
        const stdio = ['ignore', output, 'inherit', 'ipc'] as const
        const child = fork(new URL(file, import.meta.url), args, { env, stdio: [...stdio] })
        children.push(child)
        return child
      }
      try {
        report('filling')
        for (const handler of withBefore('getProduct')) await fill(handler, redis.url)
        const ports: Record<string, number> = {}
        for (const handler of handlers)
          ports[handler] = await nextMessage<number>(start('adapterServer.ts', [handler, redis.url], log))
        const generator = start('loadGenerator.ts', [], 'inherit')
        const turn = (handler: string, duration: number) => {
          const request: LoadRequest = { port: ports[handler] ?? 0, connections, ms: duration, ids }
          generator.send(request)
          return nextMessage<LoadReport>(generator)
        }
        for (const handler of [...handlers, ...handlers]) await turn(handler, 1_500)
        const rates: Record<string, number[]> = Object.fromEntries(handlers.map((handler) => [handler, []]))
        const failed = { misses: 0, errors: 0 }
        for (let n = 0; n < rounds; n++) {
          report(`round ${n + 1} of ${rounds}`)
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
            'answers without status 200': exactly(0, failed.errors),
          },
          notes: { 'answers that were not a hit': failed.misses },
        }
      } finally {
        for (const child of children) child.kill('SIGKILL')
      }
    }),
  )

/** Returns the URL of a handler's database. The entries of another checkout may have the same keys and another format. */
const databaseOf = (handler: string, redisUrl: string) =>
  `${redisUrl}/${handler.endsWith(beforeSuffix) ? 1 : 0}`

/** Fills the entries that a handler reads, and the texts for the bare GET. */
async function fill(handler: string, redisUrl: string): Promise<void> {
  const { createCacheAside, connectCache, entrySchema } = await importEngine(checkoutOf(handler))
  const redis = connectCache(databaseOf(handler, redisUrl))
  const cache = createCacheAside({
    ...{ redis, prefix: handlerTable, name: 'product', schema: entrySchema, ttl: 3_600_000 },
    load: async (id) => ({ value: productOf(id), version: 1 }),
  })
  for (const id of ids) {
    const { body = '' } = await cache.get(id)
    await redis.set(`bare:${id}`, body)
  }
  redis.disconnect()
}

/**
 * Waits for the next message of a process.
 *
 * @throws {Error} if the process exits first, or after 30 s
 */
async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const done = new AbortController()
  const { signal } = done
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`A process of the benchmark exited with code ${code}`)
  })
  try {
    const [message] = await within(
      30_000,
      'a message',
      Promise.race([once(child, 'message', { signal }), exited]),
    )
    return message as T
  } finally {
    exited.catch(() => {})
    done.abort()
  }
}
