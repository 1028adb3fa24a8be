import { GetCommand } from '@aws-sdk/lib-dynamodb'
import calculateSlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import { connect, type Servers } from '../clients/connect.ts'

/** How long a result is reused before the servers are probed again, in ms. */
const reuseMs = 1_000
const redisTimeoutMs = 100
const dynamodbTimeoutMs = 1_000
/** No product has this key: the keys of products begin differently. */
const probeKey = 'HEALTH'

/** The state of a server when this process last probed it. */
export interface ServerState {
  state: 'up' | 'down'
  /**
   * How long ago this process sent the last probe that the server answered, in ms; absent if the server never answered
   * one. Other requests do not count.
   */
  lastSeenMs?: number
}

/** `ok`: both servers are up. `degraded`: one is down, and the other answers the reads alone. `down`: reads fail. */
export interface Health {
  status: 'ok' | 'degraded' | 'down'
  redis: ServerState
  dynamodb: ServerState
}

/**
 * Creates a function that checks both servers by a key that does not exist, which needs no permission beyond those of
 * the catalogue. Every shard of Redis has to remove the key, because the cache never reads a shard that takes no
 * removals. DynamoDB has to read it. The function probes the servers at most once a second, for all its callers. It
 * takes at most 1 s and never throws.
 */
export function createHealthCheck({ redis, db, table }: Servers = connect()): () => Promise<Health> {
  const probeRedis = createProbe(redisTimeoutMs, () =>
    Promise.all(keysPerShard(redis, table).map((key) => redis.del(key))),
  )
  const probeDynamodb = createProbe(dynamodbTimeoutMs, (abortSignal) =>
    db.send(new GetCommand({ TableName: table, Key: { pk: probeKey, sk: probeKey } }), { abortSignal }),
  )
  return async () => {
    const [redis, dynamodb] = await Promise.all([probeRedis(), probeDynamodb()])
    const up = [redis, dynamodb].filter(({ state }) => state === 'up').length
    return { status: up === 2 ? 'ok' : up === 1 ? 'degraded' : 'down', redis, dynamodb }
  }
}

/** Returns one key for each shard; a single key if the client does not know the shards yet. */
function keysPerShard(redis: Redis | Cluster, table: string): string[] {
  const slots = redis instanceof Cluster ? redis.slots : []
  const masters = new Set(slots.map(([master]) => master))
  const keys = new Map<string | undefined, string>()
  // With 2,000 tries even the smallest of a hundred shards gets a key.
  for (let n = 0; n < 2_000 && keys.size < Math.max(1, masters.size); n++) {
    const key = `${table}:{${probeKey}${n}}`
    const [master] = slots[calculateSlot(key)] ?? []
    if (!keys.has(master)) keys.set(master, key)
  }
  return [...keys.values()]
}

/** Creates a function that sends a request to a server, or reuses a recent or pending result. */
function createProbe(
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<unknown>,
): () => Promise<ServerState> {
  let state: Promise<'up' | 'down'> = Promise.resolve('down')
  let probedAt = Number.NEGATIVE_INFINITY
  let seenAt: number | undefined
  return async () => {
    if (performance.now() - probedAt >= reuseMs) {
      probedAt = performance.now()
      state = getState(timeoutMs, send)
    }
    const current = await state
    if (current === 'up' && (seenAt ?? 0) < probedAt) seenAt = probedAt
    const now = performance.now()
    return {
      state: current,
      ...(seenAt !== undefined && { lastSeenMs: Math.max(0, Math.round(now - seenAt)) }),
    }
  }
}

async function getState(
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<unknown>,
): Promise<'up' | 'down'> {
  const { promise: timeout, resolve } = Promise.withResolvers<'down'>()
  const abort = new AbortController()
  const timer = setTimeout(() => {
    abort.abort()
    resolve('down')
  }, timeoutMs)
  try {
    const answer = send(abort.signal).then(
      () => 'up' as const,
      () => 'down' as const,
    )
    return await Promise.race([answer, timeout])
  } finally {
    clearTimeout(timer)
  }
}
