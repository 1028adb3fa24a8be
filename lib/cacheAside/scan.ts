import { randomInt } from 'node:crypto'
import { Cluster, type Redis } from 'ioredis'
import type { Context } from './context.ts'
import { replyWithin } from './guards/timeout.ts'
import { keySuffix, parseId } from './redis/keys.ts'

/** About how many keys one SCAN visits: that takes Redis some hundred microseconds. */
const step = 500
const stepTimeoutMs = 1000

/**
 * Yields the ids of a cache's keys, from every master. It starts at the beginning of the keys, or at a random
 * place and then continues round to it.
 */
export async function* scan<V>(
  { redis, key, options: { prefix, name } }: Context<V>,
  { atMost = 100_000, anywhere = false }: { atMost?: number; anywhere?: boolean } = {},
): AsyncGenerator<string, void, undefined> {
  const suffix = keySuffix(name)
  const pattern = `${escapeGlob(prefix)}:{*}${escapeGlob(suffix)}`
  const masters = await getMasters(redis, key('scan'))
  const first = anywhere ? randomInt(masters.length) : 0
  let left = atMost
  for (const [index, master] of [...masters.slice(first), ...masters.slice(0, first)].entries()) {
    // Each master gets its share of the keys that are left to visit.
    let share = Math.ceil(left / (masters.length - index))
    // A cursor is a place in the hash table; only as many of its low bits count as the table has. A scan that
    // starts in the middle ends at 0 without having visited the keys before its start, so a second round
    // follows.
    let cursor = String(anywhere ? randomInt(2 ** 32) : 0)
    let rounds = cursor === '0' ? 1 : 2
    while (rounds > 0 && share > 0) {
      const reply = master.scan(cursor, 'MATCH', pattern, 'COUNT', Math.min(step, share))
      const [next, keys] = await replyWithin(stepTimeoutMs, reply)
      share -= step
      left -= step
      for (const found of keys) yield parseId(found.slice(prefix.length + 2, -suffix.length - 1))
      cursor = next
      if (cursor === '0') rounds--
    }
  }
}

async function getMasters(redis: Redis | Cluster, key: string): Promise<Redis[]> {
  if (!(redis instanceof Cluster)) return [redis]
  // A new client learns the nodes of its cluster with its first command.
  if (redis.slots.length === 0) await replyWithin(stepTimeoutMs, redis.exists(key)).catch(() => {})
  const masters = redis.nodes('master')
  if (masters.length === 0) throw new Error('No master of the Redis cluster is known: no node has replied')
  return masters
}

/** Returns a glob-style pattern that matches this text alone. */
const escapeGlob = (text: string): string => text.replace(/[\\*?[\]^-]/g, '\\$&')
