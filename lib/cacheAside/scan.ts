import { randomInt } from 'node:crypto'
import { Cluster, type Redis } from 'ioredis'
import type { Context } from './index.ts'
import { CacheTimeout, within } from './timeLimit.ts'

/** Keys that one SCAN looks at, about: some hundred microseconds of Redis' time. */
const step = 500
const stepTimeoutMs = 1000

/** The ids of a cache's keys: on every master, from the beginning or from anywhere round to the beginning and on. */
export async function* scan<V>(
  { redis, key, options: { prefix, name } }: Context<V>,
  { atMost = 100_000, anywhere = false }: { atMost?: number; anywhere?: boolean } = {},
): AsyncGenerator<string, void, undefined> {
  const pattern = `${literal(prefix)}:{*}:${literal(name)}`
  const masters = await mastersOf(redis, key('scan'))
  const first = anywhere ? randomInt(masters.length) : 0
  let left = atMost
  for (const [index, master] of [...masters.slice(first), ...masters.slice(0, first)].entries()) {
    // Each master its share of what is left.
    let share = Math.ceil(left / (masters.length - index))
    // A cursor is a place in the hash table, of which only so many low bits count as the table has. From a place in the
    // middle the walk ends at 0 without having seen what lies before, so a second one follows.
    let cursor = String(anywhere ? randomInt(2 ** 32) : 0)
    let rounds = cursor === '0' ? 1 : 2
    while (rounds > 0 && share > 0) {
      const asked = master.scan(cursor, 'MATCH', pattern, 'COUNT', Math.min(step, share))
      const [next, keys] = await within(stepTimeoutMs, asked, () => new CacheTimeout())
      share -= step
      left -= step
      for (const found of keys) yield found.slice(prefix.length + 2, -name.length - 2)
      cursor = next
      if (cursor === '0') rounds--
    }
  }
}

async function mastersOf(redis: Redis | Cluster, key: string): Promise<Redis[]> {
  if (!(redis instanceof Cluster)) return [redis]
  // A client that has just been made learns its nodes with its first command.
  if (redis.slots.length === 0)
    await within(stepTimeoutMs, redis.exists(key), () => new CacheTimeout()).catch(() => {})
  const masters = redis.nodes('master')
  if (masters.length === 0) throw new Error('The cluster does not answer')
  return masters
}

/** A text as a glob-style pattern that matches nothing else. */
const literal = (text: string): string => text.replace(/[\\*?[\]^-]/g, '\\$&')
