import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, type Redis } from 'ioredis'
import { formerKey } from './keys.ts'

/** After how long a cluster also gets a command for each key, in ms: the slot may be moving. */
const hedgeAfterMs = 20

/** Removes whatever the keys of one id hold, and what the release before this format stored for the id. */
export function removeAll(redis: Redis | Cluster, keys: string[]): Promise<unknown> {
  return removeHedged(redis, [...keys, ...keys.map(formerKey)], (some) => redis.del(...some))
}

/**
 * Removes what is older than a version from the keys of one id. Of the release before this format, it removes
 * everything that it stored for the id.
 */
export function removeOlder(
  redis: Redis | Cluster,
  id: string,
  keys: string[],
  version: number,
): Promise<unknown> {
  const remove = (current: string[], former: string[]) =>
    redis.cacheAsideRemove(
      current.length + former.length,
      ...current,
      ...former,
      String(version),
      String(former.length),
      id,
    )
  const former = keys.map(formerKey)
  return removeHedged(redis, [...keys, ...former], (some) =>
    remove(
      some.filter((key) => keys.includes(key)),
      some.filter((key) => former.includes(key)),
    ),
  )
}

/**
 * Removes all keys by one command. If that takes long in a cluster, it also sends one command for each key,
 * and resolves when either way has succeeded. While a slot moves, some of its keys are on one node and
 * some on the other: a command for all keys has to wait for the end of the move, but a command for a single
 * key finds it.
 */
function removeHedged(
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
