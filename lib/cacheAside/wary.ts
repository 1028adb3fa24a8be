import { ask, pastFor, type Reply, read } from './ask.ts'
import { budgetOf, type Call, hit, type Miss } from './call.ts'
import { deliver } from './deliver.ts'
import type { Breaker } from './guards/breaker.ts'
import { decodeEntry, freshFor } from './redis/entry.ts'
import { note } from './settle.ts'

/**
 * The first read of some ids when not all is calm. What this process owes Redis is delivered before. A shard whose breaker
 * is open is not read, but by the one call whose turn it is to try. A shard that was not proven to take writes of late
 * is, by a DEL of a key that never exists, in the same round trip: what cannot be invalidated must not be read.
 */
export async function readWarily<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  await Promise.all([...Map.groupBy(misses, ({ shard }) => shard)].map((some) => readShard(call, ...some)))
}

async function readShard<V>(call: Call<V>, shard: Breaker, misses: Miss<V>[]): Promise<void> {
  const { owed } = call.cache
  const proves = shard.takesProof(performance.now())
  if (shard.isOpen && !proves) {
    for (const miss of misses) miss.past = { detail: 'redis-away' }
    return
  }
  const debts = misses.filter(({ key }) => owed.has(key))
  const rest = misses.filter(({ key }) => !owed.has(key))
  // What is owed may be paid and the key read in one round trip where the version tells that nothing older was read.
  const least = debts.map(({ key }) => owed.leastAt(key))
  const early = debts.filter((_, at) => least[at] !== undefined)
  const { redis } = call.cache
  const how = {
    proves: (reply: unknown) => !(reply instanceof Error),
    isJudged: rest.length + early.length === 0,
  }
  const [proofs, deliveries, replies] = await Promise.all([
    ask(call, proves ? misses.slice(0, 1) : [], ({ key }) => redis.del(`${key}:proof`), how),
    ask(call, debts, ({ key }) => owed.deliver(key), how),
    read(call, [...rest, ...early]),
  ])
  const found = new Map(early.map((miss, at) => [miss, replies[rest.length + at] ?? null]))
  const refusal = proofs.find((proof) => proof instanceof Error)
  for (const [at, miss] of rest.entries()) look(call, miss, refusal ?? replies[at] ?? null)
  const paid: Miss<V>[] = []
  for (const [at, miss] of debts.entries()) {
    const failure = refusal ?? (deliveries[at] instanceof Error ? deliveries[at] : undefined)
    const reply = found.get(miss)
    if (failure) look(call, miss, failure)
    else if (reply !== undefined && isAtLeast(miss, reply, least[at])) look(call, miss, reply)
    else paid.push(miss)
  }
  const standing = await read(call, paid)
  for (const [at, miss] of paid.entries()) look(call, miss, standing[at] ?? null)
  // A process that only reads would otherwise keep the rest for as long as it lives.
  const isProven = deliveries.some((reply) => !(reply instanceof Error)) || (proofs.length > 0 && !refusal)
  if (isProven && owed.any) await deliver(call.cache, budgetOf(call, shard).left)
}

/** Whether an entry was read that is not older than a version, or nothing: a removal that came later has changed nothing. */
function isAtLeast(miss: Miss<unknown>, reply: Reply<string | null>, least = 0): boolean {
  if (reply === null) return true
  const entry = typeof reply === 'string' ? decodeEntry(miss.schema, miss.id, reply) : undefined
  return entry !== undefined && entry.version >= least
}

/** Answers a hit, and notes of everything else what stands there. */
export function look<V>(call: Call<V>, miss: Miss<V>, reply: Reply<string | null>): void {
  const { cache } = call
  if (reply instanceof Error) {
    miss.past = pastFor(reply)
    return
  }
  const entry = reply === null ? undefined : decodeEntry(miss.schema, miss.id, reply)
  const now = Date.now()
  const freshMs = entry ? freshFor(entry, now) : 0
  if (entry && freshMs > 0) {
    miss.answer = hit(cache, miss.id, entry, now, freshMs)
    return
  }
  if (note(call, miss, reply ?? '', entry) === 'aside' || miss.isTold) return
  miss.isTold = true
  cache.emit?.({ type: 'miss', id: miss.id })
}

/** Reads the entries that are kept beside those of another schema. */
export async function readBeside<V>(call: Call<V>, misses: Miss<V>[]): Promise<void> {
  const replies = await read(call, misses)
  for (const [at, miss] of misses.entries()) {
    if (miss.beside) miss.beside.isRead = true
    look(call, miss, replies[at] ?? null)
  }
}
