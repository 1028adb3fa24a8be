import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from './catalogue.ts'

/** What may befall the catalogue. */
export interface Fault {
  /** What befalls, as in `Redis is killed`. */
  name: string
  /** Does it for about so many ms, and makes it good again; resolves when all servers answer again. */
  strike(catalogue: Catalogue, ms: number): Promise<unknown>
  /** Reads of what no cache holds fail meanwhile. */
  isDatabaseAway?: true
  /** Writers rest before it, so that the cache holds all; and go on with it, or when it is over. */
  writers?: 'go on' | 'rest'
  /** Half of the clients leave before they are answered. */
  clientsLeave?: true
}

/** Does something again and again for so many ms, with a pause between. */
async function repeatedly(ms: number, pauseMs: number, act: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    await act()
    await sleep(pauseMs)
  }
}

/** How long each way may take while Redis is late, ms: it answers after 50 to 150. */
const late = { least: 25, most: 75 }
const usualDelayMs = 0.5
const hour = 3_600_000

async function setClocks({ readers: [one, other], writer, stream }: Catalogue, ms: number): Promise<void> {
  await one?.worker.call('putClockAhead', { ms })
  await other?.worker.call('putClockAhead', { ms: -ms })
  await writer.worker.call('putClockAhead', { ms: -ms })
  await stream.call('putClockAhead', { ms })
}

export const faults: Fault[] = [
  { name: 'nothing', strike: (_, ms) => sleep(ms) },
  { name: 'Redis is killed', strike: ({ redis }, ms) => redis.killFor(ms) },
  { name: 'Redis is stopped', strike: ({ redis }, ms) => redis.freezeFor(ms) },
  {
    name: 'Redis is late by 50 to 150 ms',
    async strike({ wire }, ms) {
      await repeatedly(ms, 50, () => wire.delay(late.least + Math.random() * (late.most - late.least)))
      await wire.delay(usualDelayMs)
    },
  },
  {
    name: 'Redis is full',
    async strike({ admin }, ms) {
      await admin.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
      await sleep(ms)
      await admin.config('SET', 'maxmemory', '0')
    },
  },
  {
    name: 'Redis is read-only',
    async strike({ admin }, ms) {
      await admin.replicaof('127.0.0.1', 1)
      await sleep(ms)
      await admin.replicaof('NO', 'ONE')
    },
  },
  {
    name: 'Redis is flushed twice a second',
    strike: ({ admin }, ms) => repeatedly(ms, 500, () => admin.flushall()),
  },
  {
    name: 'connections to Redis are cut twice a second',
    strike: ({ wire }, ms) => repeatedly(ms, 500, () => wire.cut()),
  },
  {
    name: 'DynamoDB is killed, nobody writes',
    ...{ isDatabaseAway: true, writers: 'rest' },
    strike: ({ dynamodb }, ms) => dynamodb.killFor(ms),
  },
  {
    name: 'DynamoDB is killed, writers go on',
    ...{ isDatabaseAway: true, writers: 'go on' },
    strike: ({ dynamodb }, ms) => dynamodb.killFor(ms),
  },
  {
    name: 'DynamoDB is stopped, nobody writes',
    ...{ isDatabaseAway: true, writers: 'rest' },
    strike: ({ dynamodb }, ms) => dynamodb.freezeFor(ms),
  },
  {
    name: 'DynamoDB is stopped, writers go on',
    ...{ isDatabaseAway: true, writers: 'go on' },
    strike: ({ dynamodb }, ms) => dynamodb.freezeFor(ms),
  },
  {
    name: 'both are killed',
    ...{ isDatabaseAway: true, writers: 'go on' },
    strike: ({ redis, dynamodb }, ms) => Promise.all([redis.killFor(ms), dynamodb.killFor(ms)]),
  },
  {
    name: 'half of the clients leave',
    clientsLeave: true,
    strike: (_, ms) => sleep(ms),
  },
  {
    name: 'clocks are an hour off, either way',
    async strike(catalogue, ms) {
      await setClocks(catalogue, hour)
      await sleep(ms)
      await setClocks(catalogue, 0)
    },
  },
]
