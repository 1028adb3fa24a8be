import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from './catalogue.ts'

/** A fault of the catalogue's servers, clients or clocks. */
export interface Fault {
  /** A clause, such as `Redis is killed`. */
  name: string
  /** Injects the fault for about `ms`, and ends it. Resolves when all servers answer again. */
  inject(catalogue: Catalogue, ms: number): Promise<unknown>
  /** The database is unavailable, so reads that miss the cache fail. */
  isDatabaseAway?: true
  /**
   * Writers pause before the fault, so that the cache fills. `continue`: they resume when it begins. `pause`: when it
   * ends.
   */
  writers?: 'continue' | 'pause'
  /** Half of the clients disconnect before they are answered. */
  clientsDisconnect?: true
}

/** Repeats an action for `ms`, with a pause after each time. */
async function repeat(ms: number, pauseMs: number, act: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    await act()
    await sleep(pauseMs)
  }
}

/** The delay in each direction while Redis is slow, ms. So Redis answers after 50 to 150 ms. */
const slowDelayMs = { min: 25, max: 75 }
const usualDelayMs = 0.5
const hourMs = 3_600_000

async function setClocks({ readers, writer, stream }: Catalogue, ms: number): Promise<void> {
  const [first, second] = readers
  await first?.worker.call('putClockAhead', { ms })
  await second?.worker.call('putClockAhead', { ms: -ms })
  await writer.worker.call('putClockAhead', { ms: -ms })
  await stream.call('putClockAhead', { ms })
}

export const faults: Fault[] = [
  { name: 'no fault', inject: (_, ms) => sleep(ms) },
  { name: 'Redis is killed', inject: ({ redis }, ms) => redis.killFor(ms) },
  { name: 'Redis hangs', inject: ({ redis }, ms) => redis.freezeFor(ms) },
  {
    name: 'Redis answers after 50 to 150 ms',
    async inject({ wire }, ms) {
      const { min, max } = slowDelayMs
      await repeat(ms, 50, () => wire.delay(min + Math.random() * (max - min)))
      await wire.delay(usualDelayMs)
    },
  },
  {
    name: 'Redis is full',
    async inject({ admin }, ms) {
      await admin.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
      await sleep(ms)
      await admin.config('SET', 'maxmemory', '0')
    },
  },
  {
    name: 'Redis is read-only',
    async inject({ admin }, ms) {
      await admin.replicaof('127.0.0.1', 1)
      await sleep(ms)
      await admin.replicaof('NO', 'ONE')
    },
  },
  {
    name: 'Redis is flushed twice a second',
    inject: ({ admin }, ms) => repeat(ms, 500, () => admin.flushall()),
  },
  {
    name: 'connections to Redis are cut twice a second',
    inject: ({ wire }, ms) => repeat(ms, 500, () => wire.cut()),
  },
  {
    name: 'DynamoDB is killed, writers pause',
    ...{ isDatabaseAway: true, writers: 'pause' },
    inject: ({ dynamodb }, ms) => dynamodb.killFor(ms),
  },
  {
    name: 'DynamoDB is killed, writers continue',
    ...{ isDatabaseAway: true, writers: 'continue' },
    inject: ({ dynamodb }, ms) => dynamodb.killFor(ms),
  },
  {
    name: 'DynamoDB hangs, writers pause',
    ...{ isDatabaseAway: true, writers: 'pause' },
    inject: ({ dynamodb }, ms) => dynamodb.freezeFor(ms),
  },
  {
    name: 'DynamoDB hangs, writers continue',
    ...{ isDatabaseAway: true, writers: 'continue' },
    inject: ({ dynamodb }, ms) => dynamodb.freezeFor(ms),
  },
  {
    name: 'Redis and DynamoDB are killed',
    ...{ isDatabaseAway: true, writers: 'continue' },
    inject: ({ redis, dynamodb }, ms) => Promise.all([redis.killFor(ms), dynamodb.killFor(ms)]),
  },
  {
    name: 'half of the clients disconnect',
    clientsDisconnect: true,
    inject: (_, ms) => sleep(ms),
  },
  {
    name: 'clocks are an hour ahead or behind',
    async inject(catalogue, ms) {
      await setClocks(catalogue, hourMs)
      await sleep(ms)
      await setClocks(catalogue, 0)
    },
  },
]
