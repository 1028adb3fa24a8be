import calculateSlot from 'cluster-key-slot'
import { type ChainableCommander, Cluster, type Redis } from 'ioredis'

/**
 * Sends one command for each key in as few round trips as can be: one, in a cluster one for each shard.
 *
 * @param add adds the command for the key at `index` to a pipeline
 * @returns the answer for each key in its place, or the error of its command
 */
export async function sendAll(
  redis: Redis | Cluster,
  keys: string[],
  add: (pipeline: ChainableCommander, key: string, index: number) => unknown,
): Promise<unknown[]> {
  const answers: unknown[] = []
  // A client that has just been made learns with its first command where the slots lie; a single one may wait for that.
  if (redis instanceof Cluster && redis.slots.length === 0) await redis.get(keys[0] ?? '').catch(() => {})
  await Promise.all(
    shardsOf(redis, keys).map(async (indexes) => {
      try {
        const pipeline = redis.pipeline()
        for (const index of indexes) add(pipeline, keys[index] ?? '', index)
        const results = await pipeline.exec()
        indexes.forEach((index, at) => {
          const [error, answer] = results?.[at] ?? [new Error('No answer')]
          answers[index] = error ?? answer
        })
      } catch (error) {
        for (const index of indexes) answers[index] = error
      }
    }),
  )
  return answers
}

/** What stands at each key; null also for what is of another type. */
export async function readAll(redis: Redis | Cluster, keys: string[]): Promise<unknown[]> {
  if (redis instanceof Cluster) return sendAll(redis, keys, (pipeline, key) => pipeline.get(key))
  // One command is parsed once, a pipeline of them as many times.
  return redis.mget(keys)
}

/** The places of the keys, grouped by the node that serves them. */
function shardsOf(redis: Redis | Cluster, keys: string[]): number[][] {
  const shards = new Map<string, number[]>()
  keys.forEach((key, index) => {
    const shard = redis instanceof Cluster ? String(redis.slots[calculateSlot(key)]) : ''
    const known = shards.get(shard)
    if (known) known.push(index)
    else shards.set(shard, [index])
  })
  return [...shards.values()]
}
