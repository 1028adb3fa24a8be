import { GetCommand } from '@aws-sdk/lib-dynamodb'
import calculateSlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import { connect, type Servers } from '../clients/connect.ts'

/** How long an outcome stands before the servers are asked again, ms. */
const againAfterMs = 1_000
const redisMs = 100
const dynamodbMs = 1_000
/** Of no product: their keys begin otherwise. */
const key = 'HEALTH'

/** One server, as it was when this process last asked it. */
export interface ServerState {
  state: 'up' | 'down'
  /** How long ago it last answered this process, ms; absent if it never did. */
  lastSeenMs?: number
}

/** `ok`; `degraded`: reads are answered by one of the two alone; `down`: they are not. */
export interface Health {
  status: 'ok' | 'degraded' | 'down'
  redis: ServerState
  dynamodb: ServerState
}

/**
 * Makes the look at both servers, by a key that does not exist, which needs no right that the catalog does not have: every
 * shard of Redis is to remove it, since one that takes no removals is not read either, and DynamoDB to read it. They are
 * asked once a second at most, however many ask for it. Takes 1 s at most and never throws.
 */
export function openHealth({ redis, db, table }: Servers = connect()): () => Promise<Health> {
  const probeRedis = probe(redisMs, () =>
    Promise.all(keyOfEachShard(redis, table).map((one) => redis.del(one))),
  )
  const probeDynamodb = probe(dynamodbMs, (abortSignal) =>
    db.send(new GetCommand({ TableName: table, Key: { pk: key, sk: key } }), { abortSignal }),
  )
  return async () => {
    const [redis, dynamodb] = await Promise.all([probeRedis(), probeDynamodb()])
    const up = [redis, dynamodb].filter(({ state }) => state === 'up').length
    return { status: up === 2 ? 'ok' : up === 1 ? 'degraded' : 'down', redis, dynamodb }
  }
}

/** One key in each shard; a single one where a client has not learnt yet which shards there are. */
function keyOfEachShard(redis: Redis | Cluster, table: string): string[] {
  const slots = redis instanceof Cluster ? redis.slots : []
  const masters = new Set(slots.map(([master]) => master))
  const keys = new Map<string | undefined, string>()
  // So many tries find a key in the smallest of a hundred shards.
  for (let n = 0; n < 2_000 && keys.size < Math.max(1, masters.size); n++) {
    const one = `${table}:{${key}${n}}`
    const [master] = slots[calculateSlot(one)] ?? []
    if (!keys.has(master)) keys.set(master, one)
  }
  return [...keys.values()]
}

/** Asks a server, unless it was asked just before or is being asked. */
function probe(ms: number, ask: (signal: AbortSignal) => Promise<unknown>): () => Promise<ServerState> {
  let state: Promise<'up' | 'down'> = Promise.resolve('down')
  let askedAt = Number.NEGATIVE_INFINITY
  let seenAt: number | undefined
  return async () => {
    if (performance.now() - askedAt >= againAfterMs) {
      askedAt = performance.now()
      state = answers(ms, ask)
    }
    const found = await state
    if (found === 'up' && (seenAt ?? 0) < askedAt) seenAt = askedAt
    const now = performance.now()
    return {
      state: found,
      ...(seenAt !== undefined && { lastSeenMs: Math.max(0, Math.round(now - seenAt)) }),
    }
  }
}

async function answers(ms: number, ask: (signal: AbortSignal) => Promise<unknown>): Promise<'up' | 'down'> {
  const { promise: late, resolve } = Promise.withResolvers<'down'>()
  const abort = new AbortController()
  const timer = setTimeout(() => {
    abort.abort()
    resolve('down')
  }, ms)
  try {
    const answer = ask(abort.signal).then(
      () => 'up' as const,
      () => 'down' as const,
    )
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
