import { afterAll } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/redisServer.ts'
import { freshTables } from './dynamodb.ts'
import { textsIn } from './texts.ts'
import type { Answer, CacheMethods, Event, Setup } from './worker.ts'
import { startWorker, type Worker } from './workers.ts'

/** A worker and what it has told so far. */
export interface Process extends Worker<CacheMethods> {
  events: Event[]
}

/** Processes with a Redis and a table that only they use. For the top level of a test file; ends with the file. */
export async function startFleet(count: number) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const [redis, { db, table, endpoint }] = await Promise.all([startRedis({ binary }), freshTables()])
  afterAll(() => redis.stop('SIGKILL'))
  const setup: Setup = { redisUrl: redis.url, dynamodbEndpoint: endpoint, table }
  const file = new URL('./worker.ts', import.meta.url)
  const processes = await Promise.all(
    Array.from({ length: count }, async (): Promise<Process> => {
      const events: Event[] = []
      const worker = await startWorker<CacheMethods, Event>(file, setup, (event) => events.push(event))
      return { ...worker, events }
    }),
  )
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.kill()))
  })
  return {
    processes,
    redis,
    texts: textsIn(db, table),
    /** Opens a cache in every process. */
    open: (...[request]: Parameters<CacheMethods['open']>) =>
      Promise.all(processes.map((each) => each.call('open', request))),
  }
}

/** What these processes have told of one type, and of one id where events carry one. */
export const told = <T extends Event['type']>(processes: Process[], type: T, id?: string) =>
  processes
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<Event, { type: T }> => event.type === type)
    .filter((event) => id === undefined || !('id' in event) || event.id === id)

/** The process that has begun a load of this id, in whichever it may be. */
export const loaderOf = (processes: Process[], id: string): Process | undefined =>
  processes.find((each) => told([each], 'load', id).length > 0)

export type { Answer }
