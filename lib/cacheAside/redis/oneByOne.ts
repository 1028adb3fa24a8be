import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, type Redis } from 'ioredis'

/** When the keys of a removal are also tried one by one in a cluster, ms: the slot may be about to move. */
const oneByOneAfterMs = 20

/**
 * One command for all keys; in a cluster also one for each, if that takes long. While a slot moves, some of its keys are
 * here and some there: a command for all of them has to wait until the move is done, and one for a single key finds it.
 */
export function orOneByOne(
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
  const apart = async () => {
    await sleep(oneByOneAfterMs, undefined, { ref: false })
    if (isDone) return done
    return Promise.all(keys.map((key) => remove([key])))
  }
  return Promise.any([done, apart()]).catch(({ errors: [error] }: AggregateError) => {
    throw error
  })
}
