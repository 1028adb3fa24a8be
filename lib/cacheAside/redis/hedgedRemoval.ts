import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, type Redis } from 'ioredis'

/** After how long a cluster also gets a command for each key, in ms: the slot may be about to move. */
const hedgeAfterMs = 20

/**
 * Removes all keys by one command. If that takes long in a cluster, it also sends one command for each key,
 * and resolves with the first way that succeeds. While a slot moves, some of its keys are on one node and
 * some on the other: a command for all keys has to wait for the end of the move, but a command for a single
 * key finds it.
 */
export function removeHedged(
  redis: Redis | Cluster,
  keys: string[],
  remove: (keys: string[]) => Promise<unknown>,
): Promise<unknown> {
  const together = remove(keys)
  if (!(redis instanceof Cluster)) return together
  let isDone = false
  const done = together.finally(() => {
    isDone = true
  })
  const oneByOne = async () => {
    await sleep(hedgeAfterMs, undefined, { ref: false })
    if (isDone) return done
    return Promise.all(keys.map((key) => remove([key])))
  }
  return Promise.any([done, oneByOne()]).catch(({ errors: [error] }: AggregateError) => {
    throw error
  })
}
