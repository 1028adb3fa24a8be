import { createHit } from './answer.ts'
import { ask, type Reply, readKeys } from './ask.ts'
import { type Call, getBudget, type Miss } from './call.ts'
import { deliver } from './deliver.ts'
import { freshMsLeft } from './freshness.ts'
import type { Breaker } from './guards/breaker.ts'
import { interpretRead } from './interpret.ts'
import { decodeEntry } from './redis/entry.ts'
import { bypassAfter } from './redis/errors.ts'

/**
 * Makes a call's first read of some ids, if their shards may be unhealthy. It first delivers the removals in
 * the outbox for these ids. If a shard's breaker is open, it does not read that shard, unless it is this
 * call's turn to probe. If a shard has not proven recently that it takes writes, a `DEL` of a key that never
 * exists travels in the same round trip: the cache never reads a key that it cannot invalidate.
 */
export async function readChecked<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  await Promise.all([...Map.groupBy(misses, ({ shard }) => shard)].map((group) => readShard(call, ...group)))
}

async function readShard<V>(call: Call<V>, shard: Breaker, misses: Miss<V>[]): Promise<void> {
  const { redis, outbox } = call.cache
  const mustProve = shard.claimProof(performance.now())
  if (shard.isOpen && !mustProve) {
    for (const miss of misses) miss.bypass = { detail: 'redis-away' }
    return
  }
  const blocked = misses.filter(({ key }) => outbox.has(key))
  const rest = misses.filter(({ key }) => !outbox.has(key))
  // A removal and the read of its key share a round trip if a minimum version shows that the read found
  // nothing older.
  const minVersions = blocked.map(({ key }) => outbox.minVersionAt(key))
  const readEarly = blocked.filter((_, index) => minVersions[index] !== undefined)
  const options = {
    provesWrites: (reply: unknown) => !(reply instanceof Error),
    countsForBreaker: rest.length + readEarly.length === 0,
  }
  const [proofs, deliveries, replies] = await Promise.all([
    ask(call, mustProve ? misses.slice(0, 1) : [], ({ key }) => redis.del(`${key}:proof`), options),
    ask(call, blocked, ({ key }) => outbox.deliver(key), options),
    readKeys(call, [...rest, ...readEarly]),
  ])
  const earlyReplies = new Map(readEarly.map((miss, index) => [miss, replies[rest.length + index] ?? null]))
  const refusal = proofs.find((proof) => proof instanceof Error)
  for (const [index, miss] of rest.entries()) takeReply(call, miss, refusal ?? replies[index] ?? null)
  const delivered: Miss<V>[] = []
  for (const [index, miss] of blocked.entries()) {
    const failure = refusal ?? (deliveries[index] instanceof Error ? deliveries[index] : undefined)
    const reply = earlyReplies.get(miss)
    if (failure) takeReply(call, miss, failure)
    else if (reply !== undefined && isAtLeast(miss, reply, minVersions[index])) takeReply(call, miss, reply)
    else delivered.push(miss)
  }
  const lateReplies = await readKeys(call, delivered)
  for (const [index, miss] of delivered.entries()) takeReply(call, miss, lateReplies[index] ?? null)
  // Otherwise a process that only reads would never deliver its other removals.
  const isProven = deliveries.some((reply) => !(reply instanceof Error)) || (proofs.length > 0 && !refusal)
  if (isProven && outbox.hasAny) await deliver(call.cache, getBudget(call, shard).left(shard.clock()))
}

/**
 * Whether a read found nothing, or an entry of at least this version, so that a removal after it has changed
 * nothing.
 */
function isAtLeast(miss: Miss<unknown>, reply: Reply<string | null>, minVersion = 0): boolean {
  if (reply === null) return true
  const entry = typeof reply === 'string' ? decodeEntry(miss.schema, miss.id, reply) : undefined
  return entry !== undefined && entry.version >= minVersion
}

/** Answers a miss from a reply if it is a hit. Otherwise it records what the key held. */
export function takeReply<V>(call: Call<V>, miss: Miss<V>, reply: Reply<string | null>): void {
  const { cache } = call
  if (reply instanceof Error) {
    miss.bypass = bypassAfter(reply)
    return
  }
  const entry = reply === null ? undefined : decodeEntry(miss.schema, miss.id, reply)
  const now = Date.now()
  const freshMs = entry ? freshMsLeft(entry, now) : 0
  if (entry && freshMs > 0) {
    miss.answer = createHit(cache, miss.id, entry, now, freshMs)
    return
  }
  if (interpretRead(call, miss, reply ?? '', entry) === 'side' || miss.isMissEmitted) return
  miss.isMissEmitted = true
  cache.emit?.({ type: 'miss', id: miss.id })
}

/** Reads the side entries of some misses. */
export async function readSideEntries<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  const replies = await readKeys(call, misses)
  for (const [index, miss] of misses.entries()) {
    if (miss.side) miss.side.isRead = true
    takeReply(call, miss, replies[index] ?? null)
  }
}
